-- Render: profiles for every kind of output that the engine makes.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

INSERT INTO render.output_profiles
    (tenant_id, key, name, container, video_codec, audio_codec, max_height, crf, pixel_format, cost_multiplier)
VALUES
    (ops.platform_tenant(), '2160p', '{"fa-IR": "چهار کا ۲۱۶۰", "en": "4K 2160p"}', 'mp4', 'h264', 'aac', 2160, 18, 'yuv420p', 4),
    (ops.platform_tenant(), '1080p-h265', '{"fa-IR": "فول اچ‌دی، فایل کوچک‌تر (H.265)", "en": "Full HD, smaller file (H.265)"}',
        'mp4', 'h265', 'aac', 1080, 20, 'yuv420p', 2),
    (ops.platform_tenant(), '1080p-webm', '{"fa-IR": "فول اچ‌دی برای وب (WebM)", "en": "Full HD for the web (WebM)"}',
        'webm', 'vp9', 'opus', 1080, 20, 'yuv420p', 2),
    (ops.platform_tenant(), '1080p-alpha', '{"fa-IR": "شفاف برای تدوین (ProRes 4444)", "en": "Transparent, for editing (ProRes 4444)"}',
        'mov', 'prores', 'pcm', 1080, NULL, 'yuva444p10le', 2),
    (ops.platform_tenant(), '1080p-frames', '{"fa-IR": "قاب‌های PNG", "en": "PNG frames"}', 'png_seq', 'png', NULL, 1080, NULL, 'rgb24', 2),
    (ops.platform_tenant(), 'gif', '{"fa-IR": "گیف متحرک", "en": "Animated GIF"}', 'gif', 'gif', NULL, 360, NULL, NULL, 0.5);

INSERT INTO ops.schema_migrations (version, name) VALUES (31, '31_render_output_kinds');
COMMIT;
