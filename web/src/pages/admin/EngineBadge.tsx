import type { SceneEngine } from '../../api/types';
import { StatusBadge } from '../../components/StatusBadge';
import { useI18n } from '../../i18n';

/** Who draws a scene's films. */
export function EngineBadge({ engine, sceneKey }: { engine: SceneEngine | undefined; sceneKey: string }) {
  const { t } = useI18n();
  const needed = engine === 'aerender';
  return (
    <StatusBadge tone={needed ? 'warn' : 'good'} testId={`scene-engine-${sceneKey}`}>
      {t(needed ? 'admin.needsAfterEffects' : 'admin.drawnHere')}
    </StatusBadge>
  );
}
