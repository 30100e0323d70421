import { adminContent } from '../../api/endpoints';
import { ApiError } from '../../api/errors';
import type { AdminProject, ProjectImport } from '../../api/types';

const ASK_EVERY_MS = 1000;
const PATIENCE = 5;

function isImport(answer: AdminProject | ProjectImport): answer is ProjectImport {
  return 'file_name' in answer;
}

async function stateOf(importId: string): Promise<ProjectImport> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await adminContent.importState(importId);
    } catch (error) {
      if (!(error instanceof ApiError && error.isTransient) || failures >= PATIENCE) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }
}

/**
 * Wait until what was asked for is a version, and return the id of its template: a package is one at once, an After Effects project after it has been
 * converted (`onConverting` says that it is). Throws ApiError with the import's problem.
 */
export async function imported(answer: AdminProject | ProjectImport, onConverting: () => void): Promise<string> {
  if (!isImport(answer)) return answer.id;
  onConverting();
  let state = answer;
  while (state.status === 'queued' || state.status === 'running') {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    state = await stateOf(state.id);
  }
  if (state.status === 'failed' || state.project_id === null)
    throw new ApiError(422, { code: state.problem?.code, detail: state.problem?.detail });
  return state.project_id;
}
