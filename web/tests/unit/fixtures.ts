import type { SavedProject } from '../../src/api/types';

export function savedProject(change: Partial<SavedProject> = {}): SavedProject {
  const scene = (id: string, key: string) => ({
    id,
    scene_key: key,
    values: {},
    colors: {},
    duration_frames: null,
    transition: null,
  });
  return {
    id: 'doc-1',
    title: 'معرفی',
    status: 'draft',
    project_id: 'p-1',
    project_version_id: 'v-1',
    size: '16x9',
    locale: 'fa',
    palette: {},
    global_values: {},
    audio: {
      music_track_id: null,
      music_volume: 1,
      music_start_ms: 0,
      music_fade_out_ms: 1000,
      voiceover_track_id: null,
      voiceover_volume: 1,
      voiceover_start_ms: 0,
      sfx_enabled: true,
      sfx_volume: 1,
    },
    scenes: [scene('scene-1', 'opening'), scene('scene-2', 'feature'), scene('scene-3', 'closing')],
    duration_frames: 270,
    thumbnail_url: null,
    row_version: 1,
    created_at: '2026-11-22T10:00:00Z',
    updated_at: '2026-11-22T10:00:00Z',
    ...change,
  };
}
