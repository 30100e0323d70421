import { ActionIcon, Button, Loader } from '@mantine/core';
import {
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBackFilled,
  IconPlayerSkipForwardFilled,
  IconPlayerTrackNextFilled,
  IconPlayerTrackPrevFilled,
} from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { ResolvedScene } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { RangeInput } from '../../components/RangeInput';
import { sceneOf } from '../../editor/film';
import { formatNumber } from '../../format/digits';
import { formatTimecode } from '../../format/time';
import { localized, useI18n } from '../../i18n';
import { isTyping, usesArrows } from '../../keys';
import { ScenePlayer } from '../../player/ScenePlayer';
import { useEditor, useWorkbench } from './context';
import { useServerPicture } from './useServerPicture';
import classes from './Stage.module.css';

/** Runs `frame` forward at the scene's rate while `playing`, starting over at its end. */
function useClock(playing: boolean, scene: ResolvedScene | null, frame: number, setFrame: (frame: number) => void) {
  const at = useRef(frame);
  useEffect(() => {
    at.current = frame;
  }, [frame]);
  useEffect(() => {
    if (!playing || !scene) return;
    let handle = 0;
    let since = performance.now();
    let from = at.current;
    const tick = (now: number) => {
      const moved = Math.floor(((now - since) / 1000) * scene.fps);
      let next = from + moved;
      if (next >= scene.frames) {
        next = 0;
        from = 0;
        since = now;
      }
      if (next !== at.current) {
        at.current = next;
        setFrame(next);
      }
      handle = requestAnimationFrame(tick);
    };
    handle = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(handle);
  }, [playing, scene, setFrame]);
}

export function Stage({ retry }: { retry: () => void }) {
  const { t, locale } = useI18n();
  const { preview, project, editor } = useWorkbench();
  const { scene, uid, busy, error, tookMs } = useStore(preview);
  const selected = useEditor((state) => state.selected);
  const sceneKey = useEditor((state) => state.film.scenes.find((item) => item.uid === state.selected)?.scene_key);
  const sizeKey = useEditor((state) => state.film.size);
  const definition = sceneKey ? sceneOf(project, sceneKey) : undefined;
  const title = localized(definition?.title, locale);
  const [frame, setFrame] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [failedHash, setFailedHash] = useState<string | null>(null);
  const [drawn, setDrawn] = useState(0);
  // the hash of the scene that the canvas shows
  const [shown, setShown] = useState<string | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const player = useRef<ScenePlayer | null>(null);
  const hash = useRef<string | null>(null);
  const start = useRef(0);

  const fallback = scene !== null && failedHash === scene.sha256;
  // After Effects makes the film: what is drawn here is near it, the template's own picture is exact and knows no edits
  const foreign = definition?.engine === 'aerender';
  const designed = foreign ? (definition.snapshot_url ?? definition.image) : null;
  const [approximate, setApproximate] = useState(false);
  const shownAsDesigned = designed !== null && !approximate;
  const size = project.sizes.find((item) => item.key === sizeKey) ?? project.sizes[0];
  const shape = scene ?? size ?? { width: 16, height: 9 };
  const frames = scene?.frames ?? definition?.duration_frames ?? 1;
  const fps = scene?.fps ?? project.fps;
  const last = Math.max(0, frames - 1);

  useEffect(() => {
    const surface = canvas.current;
    const frameBox = box.current;
    if (!surface || !frameBox) return;
    const made = new ScenePlayer(surface, {
      onFailed: (reason) => {
        console.warn(`The scene cannot be drawn here: ${reason}`);
        setFailedHash(hash.current);
        setPlaying(false);
      },
      onPicture: (number) => {
        setShown(hash.current);
        setDrawn(number);
      },
    });
    player.current = made;
    const watch = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const ratio = Math.min(window.devicePixelRatio, 2);
      made.resize(entry.contentRect.width * ratio, entry.contentRect.height * ratio);
    });
    watch.observe(frameBox);
    return () => {
      watch.disconnect();
      made.close();
      player.current = null;
    };
  }, []);

  // another scene starts at the frame that shows it best; an edit keeps its place
  const chosen = useRef<string | null>(null);
  useEffect(() => {
    if (chosen.current === selected) return;
    chosen.current = selected;
    start.current = Math.min(definition?.snapshot_frame ?? 0, Math.max(0, (definition?.duration_frames ?? 1) - 1));
    setFrame(start.current);
    setPlaying(false);
  }, [selected, definition]);

  const frameNow = useRef(frame);
  useEffect(() => {
    frameNow.current = frame;
  }, [frame]);

  useEffect(() => {
    if (!scene || uid !== selected || hash.current === scene.sha256) return;
    hash.current = scene.sha256;
    player.current?.show(scene, Math.min(frameNow.current, Math.max(0, scene.frames - 1)));
  }, [scene, uid, selected]);

  useEffect(() => {
    if (!fallback) player.current?.seek(frame);
  }, [frame, fallback]);

  useClock(playing && !fallback && !shownAsDesigned, scene, frame, setFrame);

  const seek = useCallback(
    (next: number) => {
      setPlaying(false);
      setFrame(Math.max(0, Math.min(last, next)));
    },
    [last],
  );

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      const inControl =
        event.target instanceof Element && event.target.closest('button, a, [role="menuitem"]') !== null;
      if (event.code === 'Space' && !inControl && !usesArrows(event)) {
        event.preventDefault();
        setPlaying((value) => !value);
      } else if (usesArrows(event)) {
        return;
      } else if (event.code === 'ArrowRight' || event.code === 'ArrowLeft') {
        event.preventDefault();
        // time runs left to right in both languages
        seek(frameNow.current + (event.code === 'ArrowRight' ? 1 : -1) * (event.shiftKey ? 10 : 1));
      } else if (event.code === 'Home' || event.code === 'End') {
        event.preventDefault();
        seek(event.code === 'Home' ? 0 : last);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [seek, last]);

  const request = useMemo(() => ({ editor, enabled: fallback, frame }), [editor, fallback, frame]);
  const picture = useServerPicture(request, scene?.sha256 ?? null);
  const loading = scene === null && busy && error === null;
  const waiting = busy || uid !== selected || (scene !== null && shown !== scene.sha256 && !fallback);
  const position = t('player.position', {
    frame: formatNumber(frame + 1, locale),
    total: formatNumber(frames, locale),
  });
  const control = (label: string, icon: React.ReactNode, onClick: () => void, testId: string) => (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={onClick} data-testid={testId}>
      {icon}
    </ActionIcon>
  );

  return (
    <section className={classes.stage} aria-label={t('player.preview', { title })}>
      <div className={classes.room}>
        <div
          ref={box}
          className={classes.screen}
          style={{ '--ratio': shape.width / shape.height } as React.CSSProperties}
          data-testid="preview"
          data-ready={(!waiting && scene !== null && shown === scene.sha256) || undefined}
          data-drawn={shown !== null || undefined}
          data-sha256={scene?.sha256}
          data-frame={drawn}
          data-took-ms={tookMs === null ? undefined : Math.round(tookMs)}
          data-mode={fallback ? 'server' : 'player'}
        >
          <canvas
            ref={canvas}
            className={classes.canvas}
            role="img"
            aria-label={t('player.preview', { title })}
            hidden={fallback}
            data-testid="preview-canvas"
          />
          {fallback && picture.url && (
            <img
              src={picture.url}
              alt={t('player.preview', { title })}
              className={classes.canvas}
              data-testid="preview-snapshot"
            />
          )}
          {shownAsDesigned && (
            <img src={designed} alt={title} className={classes.designed} data-testid="preview-designed" />
          )}
          {foreign && !shownAsDesigned && (
            <span className={classes.badge} data-testid="preview-approximate">
              {t('player.approximate')}
            </span>
          )}
          {loading && !shownAsDesigned && (
            <span className={classes.cover} role="status">
              <Loader size="sm" aria-hidden />
              {t('player.loading')}
            </span>
          )}
          {error !== null && (
            <div className={classes.cover} data-testid="preview-error">
              <ErrorState error={error} retry={retry} title={t('player.failed')} />
            </div>
          )}
          {waiting && !loading && error === null && (
            <span className={classes.updating} role="status">
              <Loader size={12} color="white" aria-hidden />
              <span className="visually-hidden">{t('player.updating')}</span>
            </span>
          )}
        </div>
      </div>
      {foreign && (
        <div className={classes.note} role="status" data-testid="preview-after-effects">
          {t('player.afterEffects')}{' '}
          {t(shownAsDesigned ? 'player.afterEffectsDesigned' : 'player.afterEffectsApproximate')}
          {designed !== null && (
            <Button
              size="compact-xs"
              variant="default"
              ms="sm"
              onClick={() => setApproximate(shownAsDesigned)}
              data-testid="preview-switch"
            >
              {t(shownAsDesigned ? 'player.approximate' : 'player.designed')}
            </Button>
          )}
        </div>
      )}
      {fallback && (
        <p className={classes.note} role="status">
          {picture.error ? t('player.failed') : t('player.snapshotMode')}
        </p>
      )}
      <div className={classes.transport} dir="ltr">
        <div className={classes.buttons}>
          {control(
            t('player.first'),
            <IconPlayerTrackPrevFilled size={16} aria-hidden />,
            () => seek(0),
            'player-first',
          )}
          {control(
            t('player.prevFrame'),
            <IconPlayerSkipBackFilled size={16} aria-hidden />,
            () => seek(frame - 1),
            'player-prev',
          )}
          <ActionIcon
            variant="filled"
            size={42}
            radius="xl"
            aria-label={playing ? t('player.pause') : t('player.play')}
            disabled={fallback || scene === null || shownAsDesigned}
            onClick={() => setPlaying(!playing)}
            data-testid="player-play"
          >
            {playing ? <IconPlayerPauseFilled size={20} aria-hidden /> : <IconPlayerPlayFilled size={20} aria-hidden />}
          </ActionIcon>
          {control(
            t('player.nextFrame'),
            <IconPlayerSkipForwardFilled size={16} aria-hidden />,
            () => seek(frame + 1),
            'player-next',
          )}
          {control(
            t('player.last'),
            <IconPlayerTrackNextFilled size={16} aria-hidden />,
            () => seek(last),
            'player-last',
          )}
        </div>
        <span className={classes.time} data-testid="player-time">
          {formatTimecode(frame, fps, locale)}
        </span>
        <RangeInput
          ltr
          value={Math.min(frame, last)}
          min={0}
          max={Math.max(1, last)}
          step={1}
          label={t('player.scrubber')}
          valueText={position}
          onChange={seek}
          testId="player-scrubber"
        />
        <span className={classes.time}>{formatTimecode(frames, fps, locale)}</span>
      </div>
    </section>
  );
}
