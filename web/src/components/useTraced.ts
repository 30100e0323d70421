import { useQueries, useQuery } from '@tanstack/react-query';
import type { SvgPreview } from '../api/types';
import { queries } from '../queries';

/** The traced previews of a template by scene key, as far as they have come; of the whole template under ''. */
export function useTraced(reference: string, versionId: string | undefined, wanted: readonly string[]) {
  const listed = useQuery(queries.svgPreviews(reference, versionId));
  const items = (listed.data?.items ?? []).filter((item) => wanted.includes(item.scene_key ?? ''));
  return useQueries({
    queries: items.map((item) => queries.svgPreview(reference, item.id, item.updated_at)),
    combine: (results): ReadonlyMap<string, SvgPreview> =>
      new Map(results.flatMap(({ data }) => (data ? [[data.scene_key ?? '', data]] : []))),
  });
}
