import { Kbd, Modal, Text } from '@mantine/core';
import { useRouterState } from '@tanstack/react-router';
import { Fragment, useEffect } from 'react';
import { useStore } from 'zustand';
import { useI18n } from '../i18n';
import { isTyping } from '../keys';
import { workspace } from '../workspace';
import classes from './ShortcutSheet.module.css';

const GROUPS = [
  {
    title: 'shortcuts.playback',
    studio: true,
    rows: [
      [['Space'], 'shortcuts.playPause'],
      [['←', '→'], 'shortcuts.frame'],
      [['Shift+←', 'Shift+→'], 'shortcuts.tenFrames'],
      [['Home', 'End'], 'shortcuts.ends'],
    ],
  },
  {
    title: 'shortcuts.editing',
    studio: true,
    rows: [
      [['Ctrl+Z'], 'shortcuts.undo'],
      [['Ctrl+Shift+Z', 'Ctrl+Y'], 'shortcuts.redo'],
      [['Ctrl+S'], 'shortcuts.save'],
      [['Alt+↑', 'Alt+↓'], 'shortcuts.moveScene'],
      [['Ctrl+D'], 'shortcuts.duplicateScene'],
      [['Delete'], 'shortcuts.removeScene'],
    ],
  },
  {
    title: 'shortcuts.general',
    studio: false,
    rows: [
      [['?'], 'shortcuts.sheet'],
      [['/'], 'shortcuts.search'],
    ],
  },
] as const;

export function ShortcutSheet() {
  const { t } = useI18n();
  const opened = useStore(workspace, (state) => state.shortcutsOpen);
  const inStudio = useRouterState({ select: (state) => state.location.pathname.startsWith('/studio') });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      // on a Persian keyboard the question mark is ؟, on the same key
      if (event.key === '?' || event.key === '؟' || (event.code === 'Slash' && event.shiftKey)) {
        event.preventDefault();
        workspace.setState((state) => ({ shortcutsOpen: !state.shortcutsOpen }));
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <Modal
      opened={opened}
      onClose={() => workspace.setState({ shortcutsOpen: false })}
      title={t('shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {GROUPS.filter((group) => inStudio || !group.studio).map((group) => (
        <section key={group.title} className={classes.group}>
          <Text component="h3" size="sm" fw={700} c="dimmed">
            {t(group.title)}
          </Text>
          <dl className={classes.rows}>
            {group.rows.map(([keys, label]) => (
              <Fragment key={label}>
                <dt>{t(label)}</dt>
                <dd dir="ltr">
                  {keys.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </dd>
              </Fragment>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  );
}
