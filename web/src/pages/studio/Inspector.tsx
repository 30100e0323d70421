import { Tabs } from '@mantine/core';
import { IconAdjustments, IconForms, IconMusic, IconPalette } from '@tabler/icons-react';
import { useState } from 'react';
import { useI18n } from '../../i18n';
import { AudioPanel } from './AudioPanel';
import { ColorPanel } from './ColorPanel';
import classes from './Inspector.module.css';
import { ProjectPanel } from './ProjectPanel';
import { ScenePanel } from './ScenePanel';

const TABS = [
  { value: 'scene', icon: IconForms, panel: ScenePanel },
  { value: 'colors', icon: IconPalette, panel: ColorPanel },
  { value: 'audio', icon: IconMusic, panel: AudioPanel },
  { value: 'project', icon: IconAdjustments, panel: ProjectPanel },
] as const;

export function Inspector() {
  const { t } = useI18n();
  const [tab, setTab] = useState<string | null>('scene');
  return (
    <aside className={classes.inspector} aria-label={t('studio.panels')}>
      <Tabs value={tab} onChange={setTab} keepMounted={false} className={classes.tabs}>
        <Tabs.List grow aria-label={t('studio.panels')}>
          {TABS.map(({ value, icon: Icon }) => (
            <Tabs.Tab
              key={value}
              value={value}
              leftSection={<Icon size={17} stroke={1.7} aria-hidden />}
              data-testid={`tab-${value}`}
            >
              {t(`studio.tab.${value}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map(({ value, panel: Panel }) => (
          <Tabs.Panel key={value} value={value} className={classes.panel}>
            <Panel />
          </Tabs.Panel>
        ))}
      </Tabs>
    </aside>
  );
}
