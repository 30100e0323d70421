import { ActionIcon, Switch } from '@mantine/core';
import { IconPlayerPlayFilled, IconPlayerStopFilled, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Audio } from '../../api/types';
import { RangeInput } from '../../components/RangeInput';
import { Waveform } from '../../components/Waveform';
import { formatPercent } from '../../format/digits';
import { formatClock } from '../../format/time';
import { localized, useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import { useEditor, useWorkbench } from './context';
import { NumberField } from './fields/NumberField';
import classes from './Inspector.module.css';
import { SoundUpload } from './SoundUpload';

type Choice = { id: string; title: string; url: string | null; durationMs: number };

function TrackRow({
  track,
  checked,
  choose,
  playing,
  listen,
}: {
  track: Choice | null;
  checked: boolean;
  choose: () => void;
  playing: boolean;
  listen: (() => void) | null;
}) {
  const { t, locale } = useI18n();
  const title = track?.title ?? t('audio.noMusic');
  return (
    <li className={classes.track}>
      <label>
        <input
          type="radio"
          name="music"
          checked={checked}
          onChange={choose}
          data-testid={track ? `music-${track.id}` : 'music-none'}
        />
        <span>
          {title} {track && <small className="ltr">{formatClock(track.durationMs / 1000, locale)}</small>}
        </span>
      </label>
      {listen && (
        <ActionIcon
          variant="light"
          radius="xl"
          aria-label={playing ? t('audio.stop') : t('audio.listen', { title })}
          onClick={listen}
        >
          {playing ? <IconPlayerStopFilled size={15} aria-hidden /> : <IconPlayerPlayFilled size={15} aria-hidden />}
        </ActionIcon>
      )}
    </li>
  );
}

export function AudioPanel() {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const audio = useEditor((state) => state.film.audio);
  const library = useQuery(queries.musicLibrary).data?.items ?? [];
  const [playing, setPlaying] = useState<string | null>(null);
  const sound = useRef<HTMLAudioElement | null>(null);
  const stop = () => {
    sound.current?.pause();
    sound.current = null;
    setPlaying(null);
  };
  useEffect(() => () => sound.current?.pause(), []);

  const own: Choice[] = project.music.map((track) => ({
    id: track.track_id,
    title: localized(track.title, locale),
    url: track.url,
    durationMs: track.duration_ms,
  }));
  const others: Choice[] = library
    .map((track) => ({
      id: track.id,
      title: localized(track.title, locale),
      url: track.url,
      durationMs: track.duration_ms,
    }))
    // two templates may bring the same piece: its file is then the same
    .filter((track, index, all) => {
      const same = (other: Choice) => other.id === track.id || (other.url !== null && other.url === track.url);
      const chosen = track.id === audio.music_track_id;
      return !own.some(same) && (chosen || all.findIndex(same) === index);
    });

  // a piece that neither the template nor the library has is the person's own file
  const ownId =
    audio.music_track_id !== null && ![...own, ...others].some((track) => track.id === audio.music_track_id)
      ? audio.music_track_id
      : null;
  const ownFile = useQuery({ ...queries.file(ownId ?? ''), enabled: ownId !== null }).data;
  const brought: Choice[] =
    ownId === null
      ? []
      : [
          {
            id: ownId,
            title: ownFile?.name ?? t('audio.own'),
            url: `/v1/files/${ownId}/content`,
            durationMs: ownFile?.duration_ms ?? 0,
          },
        ];
  const voiceId = audio.voiceover_track_id;
  const voiceFile = useQuery({ ...queries.file(voiceId ?? ''), enabled: voiceId !== null }).data;
  const voiceName = voiceFile?.name ?? t('audio.own');

  const set = (change: Partial<Audio>, label: string) => editor.getState().setAudio(change, label);
  const commit = () => editor.getState().endStep();
  const listenTo = (track: Choice) => {
    if (track.url === null) return null;
    const { url } = track;
    return () => {
      const again = playing === track.id;
      stop();
      if (again) return;
      const element = new window.Audio(url);
      element.volume = Math.min(1, audio.music_volume);
      element.onended = stop;
      element.onerror = () => {
        stop();
        say.warn(t('error.unexpected'));
      };
      void element.play().catch(() => undefined);
      sound.current = element;
      setPlaying(track.id);
    };
  };
  const row = (track: Choice | null) => (
    <TrackRow
      key={track?.id ?? 'none'}
      track={track}
      checked={audio.music_track_id === (track?.id ?? null)}
      choose={() => {
        set({ music_track_id: track?.id ?? null }, t('audio.music'));
        commit();
      }}
      playing={track !== null && playing === track.id}
      listen={track === null ? null : listenTo(track)}
    />
  );
  const volume = (key: 'music_volume' | 'voiceover_volume' | 'sfx_volume', label: string) => (
    <div className={classes.volume}>
      <span aria-hidden>{label}</span>
      <bdi>{formatPercent(audio[key] * 100, locale)}</bdi>
      <RangeInput
        value={audio[key]}
        min={0}
        max={2}
        step={0.05}
        label={label}
        valueText={formatPercent(audio[key] * 100, locale)}
        onChange={(value) => set({ [key]: value }, label)}
        onCommit={commit}
        testId={`audio-${key.replace('_', '-')}`}
      />
    </div>
  );
  const seconds = (key: 'music_start_ms' | 'music_fade_out_ms' | 'voiceover_start_ms', label: string, max: number) => (
    <NumberField
      label={label}
      value={audio[key] / 1000}
      limits={{ min: 0, max, step: 0.5, decimals: 1 }}
      onChange={(value) => set({ [key]: Math.round(value * 1000) }, label)}
      onCommit={commit}
      testId={`audio-${key.replaceAll('_', '-')}`}
    />
  );
  return (
    <div className={classes.stack}>
      <section>
        <h2 className={classes.subtitle}>{t('audio.music')}</h2>
        <div role="radiogroup" aria-label={t('audio.music')} data-testid="music-select">
          <ul className={classes.tracks}>
            {row(null)}
            {own.map(row)}
            {brought.map(row)}
          </ul>
          {others.length > 0 && (
            <>
              <h3 className={classes.hint} style={{ margin: '12px 0 6px' }}>
                {t('audio.fromLibrary')}
              </h3>
              <ul className={classes.tracks}>{others.map(row)}</ul>
            </>
          )}
        </div>
        <div style={{ marginTop: 10 }}>
          <SoundUpload
            label={t('audio.musicUpload')}
            take={(file) => {
              queryClient.setQueryData(queries.file(file.id).queryKey, file);
              set({ music_track_id: file.id }, t('audio.music'));
              commit();
            }}
            testId="music-upload"
          />
        </div>
      </section>
      {audio.music_track_id !== null && (
        <>
          <Waveform fileId={audio.music_track_id} testId="music-waveform" />
          {seconds('music_start_ms', t('audio.musicStart'), 3600)}
          {seconds('music_fade_out_ms', t('audio.fadeOut'), 60)}
        </>
      )}
      <section className={classes.stack}>
        <h2 className={classes.subtitle} style={{ margin: 0 }}>
          {t('audio.voiceover')}
        </h2>
        {voiceId === null ? (
          <p className={classes.hint}>{t('audio.voiceoverNone')}</p>
        ) : (
          <>
            <div className={classes.track} data-testid="voiceover-track">
              <bdi style={{ flex: 1 }}>{voiceName}</bdi>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('audio.remove', { name: voiceName })}
                onClick={() => {
                  set({ voiceover_track_id: null }, t('audio.voiceover'));
                  commit();
                }}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </div>
            <Waveform fileId={voiceId} testId="voiceover-waveform" />
            {seconds('voiceover_start_ms', t('audio.voiceoverStart'), 3600)}
          </>
        )}
        <div>
          <SoundUpload
            label={t('audio.voiceoverUpload')}
            take={(file) => {
              queryClient.setQueryData(queries.file(file.id).queryKey, file);
              set({ voiceover_track_id: file.id }, t('audio.voiceover'));
              commit();
            }}
            testId="voiceover-upload"
          />
        </div>
      </section>
      <section className={classes.stack}>
        <h2 className={classes.subtitle} style={{ margin: 0 }}>
          {t('audio.volumes')}
        </h2>
        {volume('music_volume', t('audio.musicVolume'))}
        {volume('voiceover_volume', t('audio.voiceoverVolume'))}
        {volume('sfx_volume', t('audio.sfxVolume'))}
        <Switch
          label={t('audio.sfxEnabled')}
          checked={audio.sfx_enabled}
          onChange={(event) => {
            set({ sfx_enabled: event.currentTarget.checked }, t('audio.sfxEnabled'));
            commit();
          }}
        />
      </section>
    </div>
  );
}
