import { ActionIcon, Button, Menu, Modal } from '@mantine/core';
import {
  closestCenter,
  DndContext,
  PointerSensor,
  TouchSensor,
  useSensor,
  useSensors,
  type DragEndEvent,
} from '@dnd-kit/core';
import { rectSortingStrategy, SortableContext, useSortable } from '@dnd-kit/sortable';
import { CSS } from '@dnd-kit/utilities';
import { IconArrowDown, IconArrowUp, IconCopy, IconDots, IconPlus, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Scene } from '../../api/types';
import { sceneArt } from '../../components/art';
import { Picture } from '../../components/Picture';
import { addableScenes, canRemove, sceneFrames, sceneOf, type FilmScene } from '../../editor/film';
import { formatNumber } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { useEditor, useWorkbench } from './context';
import { removeScene } from './removeScene';
import classes from './SceneStrip.module.css';
import { TransitionButton } from './TransitionButton';

function useSceneActions(scene: FilmScene, index: number) {
  const { locale } = useI18n();
  const { editor, project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const definition = sceneOf(project, scene.scene_key);
  const title = definition ? localized(definition.title, locale) : scene.scene_key;
  return {
    title,
    definition,
    removable: canRemove(project, film, scene.uid),
    repeatable: definition?.can_repeat ?? false,
    isFirst: index === 0,
    isLast: index === film.scenes.length - 1,
    move: (to: number) => editor.getState().moveScene(scene.uid, to, title),
    duplicate: () => editor.getState().duplicateScene(scene.uid, title),
    remove: () => removeScene({ editor }, scene.uid, title),
  };
}

function SceneItem({ scene, index }: { scene: FilmScene; index: number }) {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const selected = useEditor((state) => state.selected === scene.uid);
  const palette = useEditor((state) => state.film.palette);
  const actions = useSceneActions(scene, index);
  const { setNodeRef, listeners, transform, transition, isDragging } = useSortable({ id: scene.uid });
  const n = formatNumber(index + 1, locale);
  const frames = useEditor((state) => sceneFrames(project, state.film, scene));
  return (
    <li
      ref={setNodeRef}
      className={classes.item}
      style={{ transform: CSS.Translate.toString(transform), transition }}
      data-dragging={isDragging || undefined}
      data-selected={selected || undefined}
      data-testid="scene-item"
      data-scene-key={scene.scene_key}
    >
      <button
        type="button"
        className={classes.select}
        aria-current={selected ? 'true' : undefined}
        data-uid={scene.uid}
        onClick={() => editor.getState().select(scene.uid)}
        {...listeners}
      >
        <Picture
          src={actions.definition?.snapshot_url ?? actions.definition?.image}
          alt=""
          className={classes.picture}
          testId="scene-item-thumbnail"
          art={sceneArt(project, actions.title, palette)}
        />
        <span className="visually-hidden">{t('studio.sceneItem', { n, title: actions.title })}</span>
        <span className={classes.number} aria-hidden>
          {n}
        </span>
        <span className={classes.length} aria-hidden>
          {t('common.seconds', {
            n: formatNumber(frames / project.fps, locale, { maximumFractionDigits: 1 }),
          })}
        </span>
      </button>
      <div className={classes.foot}>
        <span className={classes.title}>{actions.title}</span>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon
              size={26}
              variant="subtle"
              color="gray"
              aria-label={t('studio.sceneMenu', { n, title: actions.title })}
              data-testid="scene-menu"
            >
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconArrowUp size={16} aria-hidden />}
              disabled={actions.isFirst}
              onClick={() => actions.move(index - 1)}
              data-testid="scene-move-up"
            >
              {t('studio.moveUp')}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconArrowDown size={16} aria-hidden />}
              disabled={actions.isLast}
              onClick={() => actions.move(index + 1)}
              data-testid="scene-move-down"
            >
              {t('studio.moveDown')}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconCopy size={16} aria-hidden />}
              disabled={!actions.repeatable}
              onClick={actions.duplicate}
              data-testid="scene-duplicate"
            >
              {t('common.duplicate')}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              color="red"
              disabled={!actions.removable}
              onClick={actions.remove}
              data-testid="scene-remove"
            >
              {t('common.delete')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {!actions.isLast && <TransitionButton scene={scene} index={index} />}
    </li>
  );
}

function AddScene() {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const [opened, setOpened] = useState(false);
  const choices = addableScenes(project, film);
  const add = (scene: Scene) => {
    editor
      .getState()
      .addScene(
        { scene_key: scene.key, values: {}, colors: {}, duration_frames: null, transition: null },
        localized(scene.title, locale),
      );
    setOpened(false);
  };
  return (
    <>
      <Button
        variant="default"
        className={classes.add}
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => setOpened(true)}
        data-testid="scene-add"
      >
        {t('studio.addScene')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        size={640}
        title={t('studio.addSceneTitle')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {choices.length === 0 ? (
          <p>{t('studio.noMoreScenes')}</p>
        ) : (
          <ul className={classes.choices}>
            {choices.map((scene) => (
              <li key={scene.key}>
                <button
                  type="button"
                  className={classes.choice}
                  onClick={() => add(scene)}
                  data-testid={`scene-add-${scene.key}`}
                >
                  <Picture
                    src={scene.snapshot_url ?? scene.image}
                    alt=""
                    art={sceneArt(project, localized(scene.title, locale), film.palette)}
                  />
                  <span>{localized(scene.title, locale)}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </Modal>
    </>
  );
}

export function SceneStrip() {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const scenes = useEditor((state) => state.film.scenes);
  const step = useEditor((state) => state.step);
  const selected = useEditor((state) => state.selected);
  const list = useRef<HTMLUListElement>(null);
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
  );

  useEffect(() => {
    const chosen = list.current?.querySelector<HTMLElement>(`[data-uid="${selected}"]`);
    chosen?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    // keep the keyboard on the scene that moves
    if (list.current?.contains(document.activeElement)) chosen?.focus({ preventScroll: true });
  }, [selected, scenes]);

  const onDragEnd = ({ active, over }: DragEndEvent) => {
    if (!over || active.id === over.id) return;
    const scene = scenes.find((item) => item.uid === active.id);
    const definition = scene && sceneOf(project, scene.scene_key);
    const to = scenes.findIndex((item) => item.uid === over.id);
    editor.getState().moveScene(String(active.id), to, localized(definition?.title, locale));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || (event.code !== 'ArrowDown' && event.code !== 'ArrowUp')) return;
    if (!(event.target as Element).closest('[data-uid]')) return;
    const at = scenes.findIndex((scene) => scene.uid === selected);
    const next = scenes[at + (event.code === 'ArrowDown' ? 1 : -1)];
    event.preventDefault();
    if (next) editor.getState().select(next.uid);
  };

  const movedTo = step?.key === 'step.moveScene' ? scenes.findIndex((scene) => scene.uid === selected) : -1;
  return (
    <section className={classes.strip} aria-labelledby="strip-title" data-scene-strip>
      <div className={classes.head}>
        <h2 id="strip-title">{t('studio.scenes')}</h2>
        <span>{formatNumber(scenes.length, locale)}</span>
      </div>
      <DndContext
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={onDragEnd}
        accessibility={{ announcements: SILENT, screenReaderInstructions: { draggable: '' } }}
      >
        <SortableContext items={scenes.map((scene) => scene.uid)} strategy={rectSortingStrategy}>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrows between the buttons inside */}
          <ul className={classes.list} ref={list} onKeyDown={onKeyDown}>
            {scenes.map((scene, index) => (
              <SceneItem key={scene.uid} scene={scene} index={index} />
            ))}
          </ul>
        </SortableContext>
      </DndContext>
      <AddScene />
      <span className="visually-hidden" role="status">
        {movedTo >= 0 &&
          t('studio.sceneMoved', {
            title: step?.label ?? '',
            n: formatNumber(movedTo + 1, locale),
            total: formatNumber(scenes.length, locale),
          })}
      </span>
    </section>
  );
}

// the strip tells of moves itself, in the interface's language
const SILENT = {
  onDragStart: () => undefined,
  onDragOver: () => undefined,
  onDragEnd: () => undefined,
  onDragCancel: () => undefined,
};
