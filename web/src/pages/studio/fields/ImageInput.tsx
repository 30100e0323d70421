import { Button, FileButton, Modal, Progress, SegmentedControl, Text } from '@mantine/core';
import { IconLibraryPhoto, IconRestore, IconUpload } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type DragEvent } from 'react';
import { files } from '../../../api/endpoints';
import type { Field, FieldValue, MediaValue, StoredFile } from '../../../api/types';
import { upload } from '../../../api/upload';
import { EmptyState } from '../../../components/EmptyState';
import { ListState } from '../../../components/ListState';
import { Picture } from '../../../components/Picture';
import { defaultOf } from '../../../editor/film';
import { formatPercent } from '../../../format/digits';
import { useI18n } from '../../../i18n';
import { queries, queryClient } from '../../../queries';
import { say } from '../../../say';
import { ClipControls } from './ClipControls';
import classes from './FieldInput.module.css';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ACCEPT = 'image/png,image/jpeg,image/webp,video/mp4,video/quicktime,video/webm';
const THUMBNAIL_WIDTH = 320;

type OwnMediaProps = { kind: 'pictures' | 'films'; choose: (file: StoredFile) => void };

function OwnMedia({ kind, choose }: OwnMediaProps) {
  const { t } = useI18n();
  const list = useInfiniteQuery(queries[kind]);
  return (
    <ListState
      query={list}
      empty={
        <EmptyState
          icon={<IconLibraryPhoto size={28} stroke={1.4} />}
          text={t(kind === 'films' ? 'field.noFilms' : 'field.noPictures')}
        />
      }
    >
      {(items) => (
        <ul className={classes.pictures}>
          {items.map((file) => (
            <li key={file.id}>
              <button
                type="button"
                className={classes.pictureChoice}
                aria-label={t('field.usePicture', { name: file.name })}
                title={file.name}
                onClick={() => choose(file)}
                data-testid="own-picture"
              >
                <Picture src={files.pictureUrl(file.id, THUMBNAIL_WIDTH)} alt="" ratio={4 / 3} fit="contain" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </ListState>
  );
}

type ImageInputProps = { field: Field; value: FieldValue; label: string; onChange: (value: FieldValue) => void };

function isMedia(value: FieldValue): value is MediaValue {
  return typeof value === 'object' && value !== null && 'asset' in value;
}

/** A picture or film: uploaded, dropped, or taken from one's own; a local picture is shown while it is being sent. */
export function ImageInput({ field, value: given, label, onChange }: ImageInputProps) {
  const value = isMedia(given) ? given.asset : typeof given === 'string' ? given : '';
  const { t, locale } = useI18n();
  const [share, setShare] = useState<number | null>(null);
  const [local, setLocal] = useState<{ url: string; id: string | null } | null>(null);
  const [over, setOver] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const [kind, setKind] = useState<'pictures' | 'films'>('pictures');
  const sending = useRef<AbortController | null>(null);
  const isOwn = UUID.test(value);
  const fallback = defaultOf(field, locale);
  const chosen = useQuery({ ...queries.file(value), enabled: isOwn });
  const film = isOwn && chosen.data?.kind === 'video' ? chosen.data : null;
  const defaultUrl = typeof fallback === 'string' && /^\/(v1|p)\//.test(fallback) ? fallback : null;

  useEffect(() => () => sending.current?.abort(), []);
  useEffect(() => {
    if (!local) return;
    return () => URL.revokeObjectURL(local.url);
  }, [local]);

  const take = async (file: File) => {
    if (!/^(image|video)\//.test(file.type)) {
      say.warn(t('field.notPicture'));
      return;
    }
    sending.current?.abort();
    const control = new AbortController();
    sending.current = control;
    const url = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
    setLocal(url === null ? null : { url, id: null });
    setShare(0);
    try {
      const stored = await upload(file, 'user_media', setShare, control.signal);
      if (url !== null) setLocal({ url, id: stored.id });
      onChange(stored.id);
      const list = url === null ? queries.films : queries.pictures;
      void queryClient.invalidateQueries({ queryKey: list.queryKey });
    } catch (error) {
      setLocal(null);
      if (!control.signal.aborted) say.failed(error);
    } finally {
      if (sending.current === control) setShare(null);
    }
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) void take(file);
  };

  const showLocal = local !== null && (local.id === null || local.id === value);
  const shown = showLocal ? local.url : isOwn ? files.pictureUrl(value, THUMBNAIL_WIDTH) : defaultUrl;
  return (
    <div role="group" aria-label={label}>
      <span className={classes.label} aria-hidden>
        {label}
      </span>
      <div
        className={classes.image}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
        data-testid={`field-${field.key}`}
        data-value={value}
      >
        <Picture src={shown} alt={t('field.pictureAlt', { label })} ratio={4 / 3} fit="contain" />
        <div className={classes.imageSide}>
          <Text size="xs" c="dimmed" role="status">
            {over
              ? t('field.dropHere')
              : share !== null
                ? t('field.uploading', { percent: formatPercent(share * 100, locale) })
                : isOwn
                  ? t(film ? 'field.chosenFilm' : 'field.chosenPicture')
                  : t(fallback === '' ? 'field.noPicture' : 'field.defaultPicture')}
          </Text>
          {share !== null && <Progress value={share * 100} w="100%" aria-label={label} />}
          <FileButton
            onChange={(file) => file && void take(file)}
            accept={ACCEPT}
            inputProps={
              {
                'data-testid': `field-${field.key}-upload`,
                'aria-label': `${t('field.upload')}: ${label}`,
                tabIndex: -1,
              } as object
            }
          >
            {(props) => (
              <Button
                {...props}
                size="compact-sm"
                variant="default"
                leftSection={<IconUpload size={14} aria-hidden />}
                aria-label={`${t('field.upload')}: ${label}`}
              >
                {t('field.upload')}
              </Button>
            )}
          </FileButton>
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconLibraryPhoto size={14} aria-hidden />}
            onClick={() => setChoosing(true)}
            data-testid={`field-${field.key}-own`}
          >
            {t('field.ownPictures')}
          </Button>
          {isOwn && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              leftSection={<IconRestore size={14} aria-hidden />}
              onClick={() => onChange(null)}
            >
              {t(fallback === '' ? 'field.removePicture' : 'field.resetPicture')}
            </Button>
          )}
        </div>
      </div>
      {film?.duration_ms && (
        <ClipControls
          id={`field-${field.key}`}
          seconds={film.duration_ms / 1000}
          clip={isMedia(given) ? (given.clip ?? {}) : {}}
          onChange={(clip) => onChange({ ...(isMedia(given) ? given : {}), asset: value, clip })}
        />
      )}
      <Modal
        opened={choosing}
        onClose={() => setChoosing(false)}
        size={640}
        title={t('field.ownPictures')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <SegmentedControl
          fullWidth
          mb="md"
          value={kind}
          onChange={(wanted) => setKind(wanted === 'films' ? 'films' : 'pictures')}
          data={[
            { value: 'pictures', label: t('field.pictures') },
            { value: 'films', label: t('field.films') },
          ]}
        />
        <OwnMedia
          key={kind}
          kind={kind}
          choose={(file) => {
            setChoosing(false);
            onChange(file.id);
          }}
        />
      </Modal>
    </div>
  );
}
