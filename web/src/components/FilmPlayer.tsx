import { Button, Group, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { RenderJob } from '../api/types';
import { isolated, localDigits } from '../format/digits';
import { formatBytes, formatClock } from '../format/time';
import { useI18n } from '../i18n';
import classes from './FilmPlayer.module.css';

/** A finished film: plays in the page and can be downloaded. */
export function FilmPlayer({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const film = job.export;
  if (!film) return null;
  return (
    <div className={classes.box}>
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- people's own films come without a caption track */}
      <video
        key={film.play_url}
        className={classes.video}
        style={{ aspectRatio: film.width && film.height ? `${film.width} / ${film.height}` : '16 / 9' }}
        src={film.play_url}
        poster={film.poster_url ?? undefined}
        controls
        playsInline
        preload="metadata"
        aria-label={t('render.video', { title: job.title })}
        data-testid="film-video"
      />
      <Group justify="space-between" mt="sm">
        <Text size="sm" c="dimmed">
          {[
            film.width && film.height ? localDigits(`${film.width}×${film.height}`, locale) : null,
            film.duration_ms === null ? null : formatClock(film.duration_ms / 1000, locale),
            formatBytes(film.bytes, locale),
          ]
            .filter((fact) => fact !== null)
            .map(isolated)
            .join(' · ')}
        </Text>
        <Button
          component="a"
          href={film.download_url}
          download
          leftSection={<IconDownload size={18} aria-hidden />}
          data-testid="film-download"
        >
          {t('render.download')}
        </Button>
      </Group>
    </div>
  );
}
