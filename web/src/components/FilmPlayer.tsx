import { Button, Group, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { Export, RenderJob } from '../api/types';
import { isolated, localDigits } from '../format/digits';
import { formatBytes, formatClock } from '../format/time';
import { useI18n } from '../i18n';
import { FILE_ENDING } from './profileText';
import classes from './FilmPlayer.module.css';

/** The film itself where a browser plays it; a still and a word about it where none does. */
function Shown({ film, title }: { film: Export; title: string }) {
  const { t } = useI18n();
  const style = { aspectRatio: film.width && film.height ? `${film.width} / ${film.height}` : '16 / 9' };
  const label = t('render.video', { title });
  if (film.container === 'gif' || film.container === 'webp' || film.container === 'apng')
    return <img className={classes.video} style={style} src={film.play_url} alt={label} data-testid="film-picture" />;
  if (film.container === 'mov' || film.container === 'png_seq' || film.container === 'jpeg_seq')
    return (
      <>
        {film.poster_url && (
          <img className={classes.video} style={style} src={film.poster_url} alt={label} data-testid="film-picture" />
        )}
        <Text size="sm" mt="sm">
          {t(film.container === 'mov' ? 'render.noPlayer.mov' : 'render.noPlayer.png_seq')}
        </Text>
      </>
    );
  return (
    // eslint-disable-next-line jsx-a11y/media-has-caption -- people's own films come without a caption track
    <video
      key={film.play_url}
      className={classes.video}
      style={style}
      src={film.play_url}
      poster={film.poster_url ?? undefined}
      controls
      playsInline
      preload="metadata"
      aria-label={label}
      data-testid="film-video"
    />
  );
}

/** A finished film: plays in the page and can be downloaded. */
export function FilmPlayer({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const film = job.export;
  if (!film) return null;
  return (
    <div className={classes.box}>
      <Shown film={film} title={job.title} />
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
          {film.container ? t('render.downloadAs', { kind: FILE_ENDING[film.container] }) : t('render.download')}
        </Button>
      </Group>
    </div>
  );
}
