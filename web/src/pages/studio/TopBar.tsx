import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconArrowRight,
  IconCircleCheck,
  IconCloudOff,
  IconCloudUp,
  IconAlertTriangle,
  IconKeyboard,
  IconMovie,
} from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useStore } from 'zustand';
import { LanguageSwitch } from '../../components/LanguageSwitch';
import { redo, undo, type Step } from '../../editor/store';
import { formatNumber, formatPercent } from '../../format/digits';
import { useI18n } from '../../i18n';
import { isEnded } from '../../queries';
import { workspace } from '../../workspace';
import { useEditor, useWorkbench } from './context';
import { RenderDialog, useDocumentJob } from './RenderDialog';
import classes from './TopBar.module.css';

const route = getRouteApi('/signed-in/studio/$documentId');

const SAVE_ICONS = {
  saved: IconCircleCheck,
  pending: IconCloudUp,
  saving: IconCloudUp,
  offline: IconCloudOff,
  conflict: IconAlertTriangle,
  refused: IconAlertTriangle,
} as const;

function SaveState() {
  const { t, locale } = useI18n();
  const { saving } = useWorkbench();
  const { state, changes } = useStore(saving);
  const Icon = SAVE_ICONS[state];
  return (
    <span className={classes.save} data-state={state} data-testid="save-state" role="status">
      <Icon size={17} stroke={1.7} aria-hidden />
      <span>{t(`studio.save.${state}`, { count: changes, n: formatNumber(changes, locale) })}</span>
    </span>
  );
}

function HistoryButtons() {
  const { t } = useI18n();
  const { editor } = useWorkbench();
  const canUndo = useStore(editor.temporal, (state) => state.pastStates.length > 0);
  const redoStep = useStore(editor.temporal, (state) => state.futureStates.at(-1)?.step ?? null);
  const undoStep = useEditor((state) => state.step);
  const named = (step: Step | null) => (step ? t(step.key, { label: step.label ?? '' }) : '');
  const undoLabel = canUndo ? t('studio.undoStep', { step: named(undoStep) }) : t('studio.undo');
  const redoLabel = redoStep ? t('studio.redoStep', { step: named(redoStep) }) : t('studio.redo');
  return (
    <div className={classes.history}>
      <Tooltip label={undoLabel}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={undoLabel}
          aria-disabled={!canUndo}
          data-disabled={!canUndo || undefined}
          onClick={() => undo(editor)}
          data-testid="undo"
        >
          <IconArrowBackUp size={20} stroke={1.7} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={redoLabel}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={redoLabel}
          aria-disabled={!redoStep}
          data-disabled={!redoStep || undefined}
          onClick={() => redo(editor)}
          data-testid="redo"
        >
          <IconArrowForwardUp size={20} stroke={1.7} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

export function TopBar() {
  const { t, locale } = useI18n();
  const { editor, documentId } = useWorkbench();
  const title = useEditor((state) => state.film.title);
  const { render } = route.useSearch();
  const navigate = route.useNavigate();
  const current = useDocumentJob(documentId);
  const running = current.data && !isEnded(current.data) ? current.data : null;
  const openRender = (open: boolean) => void navigate({ search: { render: open ? true : undefined }, replace: true });
  return (
    <header className={classes.bar}>
      <ActionIcon
        component={Link}
        to="/projects"
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={t('studio.back')}
        data-testid="studio-back"
      >
        <IconArrowRight size={20} className={classes.backIcon} aria-hidden />
      </ActionIcon>
      <TextInput
        variant="unstyled"
        aria-label={t('studio.projectTitle')}
        className={classes.title}
        value={title}
        maxLength={200}
        onChange={(event) => editor.getState().setTitle(event.currentTarget.value)}
        onBlur={() => editor.getState().endStep()}
        attributes={{ input: { dir: 'auto', 'data-testid': 'project-title' } }}
      />
      <SaveState />
      <span className={classes.space} />
      <HistoryButtons />
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        className={classes.onlyWide}
        aria-label={t('nav.shortcuts')}
        onClick={() => workspace.setState({ shortcutsOpen: true })}
      >
        <IconKeyboard size={20} stroke={1.7} aria-hidden />
      </ActionIcon>
      <span className={classes.onlyWide}>
        <LanguageSwitch />
      </span>
      <Button
        className={classes.render}
        leftSection={<IconMovie size={18} aria-hidden />}
        onClick={() => openRender(true)}
        data-testid="render-button"
      >
        {running ? t('render.inFlight', { percent: formatPercent(running.progress_pct, locale) }) : t('studio.render')}
      </Button>
      <RenderDialog opened={render === true} onClose={() => openRender(false)} job={current} />
    </header>
  );
}
