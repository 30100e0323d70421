import { Button, Group, Modal, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { createStore } from 'zustand/vanilla';
import { studio } from '../../api/endpoints';
import { errorMessage } from '../../api/errors';
import type { Project, SavedProject } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { PageLoading } from '../../components/PageLoading';
import { useSlow } from '../../components/ListState';
import { Autosave, browserShelf, type SaveStatus } from '../../editor/autosave';
import { bodyFrom, filmFrom, sameFilm } from '../../editor/film';
import { createEditorStore } from '../../editor/store';
import { i18n, useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import { workspace } from '../../workspace';
import { useStore } from 'zustand';
import { WorkbenchContext, type Workbench } from './context';
import { Inspector } from './Inspector';
import { followEditor } from './preview';
import { SceneStrip } from './SceneStrip';
import { Stage } from './Stage';
import classes from './Studio.module.css';
import { TopBar } from './TopBar';
import { useStudioKeys } from './useStudioKeys';

const route = getRouteApi('/signed-in/studio/$documentId');

type OpenBench = Workbench & { refreshPreview: () => void; close: () => void };

function openBench(saved: SavedProject, project: Project): OpenBench {
  const server = filmFrom(saved);
  const shelf = browserShelf(saved.id);
  const draft = shelf.read();
  // what was sent while the page was being left has arrived when the version has gone up by one since
  const arrived =
    draft === null || sameFilm(draft.film, server.film) || (draft.leaving && saved.row_version === draft.base + 1);
  const restored = draft !== null && !arrived ? draft : null;
  if (arrived) shelf.clear();
  const editor = createEditorStore(restored ? restored.film : server.film);
  const saving = createStore<SaveStatus>()(() => ({ state: 'saved', changes: 0, error: null }));
  const autosave = new Autosave({
    rowVersion: restored ? restored.base : saved.row_version,
    ids: restored ? restored.ids : server.ids,
    film: server.film,
    shelf,
    save: async (film, ids, rowVersion, keepalive) => {
      const body = bodyFrom(film, ids);
      // browsers refuse to keep more than 64 KiB alive
      const small = JSON.stringify(body).length < 60_000;
      return (await studio.save(saved.id, body, rowVersion, keepalive || small)).data;
    },
    onStatus: (status) => saving.setState(status),
  });
  if (restored) {
    autosave.changed(restored.film);
    say.warn(i18n.t('studio.restored'));
  }
  const preview = followEditor(saved.id, editor);
  const stopSaving = editor.subscribe((state, before) => {
    if (state.film !== before.film) autosave.changed(state.film);
  });
  const onHide = () => {
    if (document.visibilityState === 'hidden') autosave.leave();
  };
  const onPageHide = () => autosave.leave();
  const onOnline = () => void autosave.flush();
  document.addEventListener('visibilitychange', onHide);
  window.addEventListener('pagehide', onPageHide);
  window.addEventListener('online', onOnline);
  return {
    documentId: saved.id,
    project,
    editor,
    autosave,
    saving,
    preview: preview.store,
    refreshPreview: preview.refresh,
    close: () => {
      stopSaving();
      autosave.close();
      preview.stop();
      document.removeEventListener('visibilitychange', onHide);
      window.removeEventListener('pagehide', onPageHide);
      window.removeEventListener('online', onOnline);
      void queryClient.invalidateQueries({ queryKey: queries.savedProjects.queryKey });
    },
  };
}

/** The choice after a 412, and what a refused save said. */
function SaveTrouble({ bench }: { bench: OpenBench }) {
  const { t } = useI18n();
  const status = useStore(bench.saving);
  const [busy, setBusy] = useState(false);
  const told = useRef<unknown>(null);
  useEffect(() => {
    if (status.state === 'refused' && told.current !== status.error) {
      told.current = status.error;
      say.warn(`${i18n.t('studio.refused.title')}: ${errorMessage(status.error)}`);
    }
  }, [status]);
  const resolve = async (take: 'theirs' | 'mine') => {
    setBusy(true);
    try {
      const saved = await studio.one(bench.documentId);
      if (take === 'mine') {
        await bench.autosave.overwrite(saved.row_version);
      } else {
        const { film, ids } = filmFrom(saved);
        bench.autosave.reset(film, ids, saved.row_version);
        bench.editor.getState().replace(film);
      }
    } catch (error) {
      say.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      opened={status.state === 'conflict'}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t('studio.conflict.title')}
    >
      <div data-testid="save-conflict">
        <Text size="sm">{t('studio.conflict.body')}</Text>
        <Group mt="lg" justify="flex-end">
          <Button variant="default" loading={busy} onClick={() => void resolve('theirs')} data-testid="conflict-reload">
            {t('studio.conflict.reload')}
          </Button>
          <Button loading={busy} onClick={() => void resolve('mine')} data-testid="conflict-overwrite">
            {t('studio.conflict.overwrite')}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}

function Bench({ saved, project }: { saved: SavedProject; project: Project }) {
  const { t } = useI18n();
  const [bench, setBench] = useState<OpenBench | null>(null);
  useEffect(() => {
    const opened = openBench(saved, project);
    setBench(opened);
    return () => opened.close();
    // the document is opened once; what comes later goes through the bench itself
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useStudioKeys(bench);
  if (!bench) return null;
  return (
    <WorkbenchContext value={bench}>
      <div className={classes.studio} data-testid="studio">
        <TopBar />
        <main id="main" tabIndex={-1} className={classes.work}>
          <h1 className="visually-hidden">{t('studio.title')}</h1>
          <SceneStrip />
          <Stage retry={bench.refreshPreview} />
          <Inspector />
        </main>
        <SaveTrouble bench={bench} />
      </div>
    </WorkbenchContext>
  );
}

export function Studio() {
  const { documentId } = route.useParams();
  const client = useQueryClient();
  const saved = useQuery({
    ...queries.savedProject(documentId),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const projectId = saved.data?.project_id;
  const project = useQuery({
    ...queries.project(projectId ?? '', saved.data?.project_version_id),
    enabled: projectId !== undefined,
    staleTime: Infinity,
  });
  const waiting = !saved.data || !project.data;
  const slow = useSlow(waiting);
  useEffect(() => {
    workspace.setState({ dark: true });
    return () => workspace.setState({ dark: false });
  }, []);
  const retry = useCallback(() => {
    void saved.refetch();
    if (projectId) void client.refetchQueries({ queryKey: ['project', projectId] });
  }, [saved, client, projectId]);
  const error = saved.error ?? project.error;
  if (saved.data && project.data) return <Bench key={documentId} saved={saved.data} project={project.data} />;
  if (error) return <ErrorState error={error} retry={retry} />;
  return slow ? <PageLoading /> : null;
}
