import { refreshSession } from './client';
import { ApiError, type ProblemBody } from './errors';
import type { FilePurpose, StoredFile } from './types';

export type UploadProgress = (share: number) => void;

function attempt(
  file: File,
  purpose: FilePurpose,
  onProgress: UploadProgress,
  signal?: AbortSignal,
): Promise<StoredFile> {
  return new Promise((resolve, reject) => {
    // XMLHttpRequest, because fetch does not tell how much of a body has gone
    const request = new XMLHttpRequest();
    request.open('POST', '/v1/files');
    request.setRequestHeader('X-FlatRender-Client', 'web');
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.setRequestHeader('X-File-Name', encodeURIComponent(file.name));
    request.setRequestHeader('X-File-Purpose', purpose);
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as StoredFile);
      else
        reject(
          new ApiError(
            request.status,
            (request.response as ProblemBody | null) ?? {},
            request.getResponseHeader('X-Request-Id'),
          ),
        );
    };
    request.onerror = () => reject(new ApiError(0, { code: 'web.offline' }));
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** Upload one file, telling the share that has gone (0–1). Throws ApiError. */
export async function upload(
  file: File,
  purpose: FilePurpose,
  onProgress: UploadProgress = () => undefined,
  signal?: AbortSignal,
): Promise<StoredFile> {
  try {
    return await attempt(file, purpose, onProgress, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && (await refreshSession())) {
      return attempt(file, purpose, onProgress, signal);
    }
    throw error;
  }
}
