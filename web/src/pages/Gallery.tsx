import { Button, Skeleton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch, IconTemplate } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { Category, ProjectSummary } from '../api/types';
import { artOf } from '../components/art';
import { AspectGlyph, aspectName } from '../components/AspectGlyph';
import { EmptyState } from '../components/EmptyState';
import { ListState } from '../components/ListState';
import { PageHeader } from '../components/PageHeader';
import { Picture } from '../components/Picture';
import { formatNumber, localDigits } from '../format/digits';
import { formatClock } from '../format/time';
import { localized, textFor, useI18n } from '../i18n';
import { isTyping } from '../keys';
import { queries } from '../queries';
import classes from './Gallery.module.css';

const route = getRouteApi('/signed-in/shell/');

function TemplateCard({ project }: { project: ProjectSummary }) {
  const { t, locale } = useI18n();
  const seconds = (project.duration_frames ?? 0) / project.fps;
  return (
    <li>
      <Link
        to="/templates/$projectId"
        params={{ projectId: project.slug || project.id }}
        className={classes.card}
        data-testid="template-card"
        data-slug={project.slug}
      >
        <span className={classes.cover}>
          <Picture
            src={project.cover_url}
            alt=""
            className={classes.picture}
            art={artOf(project.slug, localized(project.title, locale))}
          />
          <span className={classes.duration}>
            <span className="ltr">{formatClock(seconds, locale)}</span>
          </span>
        </span>
        <span className={classes.info}>
          <h2 className={classes.title}>{localized(project.title, locale)}</h2>
          <span className={classes.meta}>
            <span>
              {t('common.scenes', { count: project.scene_count, n: formatNumber(project.scene_count, locale) })}
            </span>
            <span className={classes.sizes}>
              {project.sizes.map((size) => (
                <span key={size.key} className={classes.size}>
                  <AspectGlyph size={size} box={16} />
                  <span className="ltr">{localDigits(aspectName(size), locale)}</span>
                </span>
              ))}
            </span>
          </span>
        </span>
      </Link>
    </li>
  );
}

/** The category's name in the language: its own, else ours for the usual ones, else what there is. */
function categoryName(category: Category, locale: string): string {
  const own = typeof category.name === 'string' ? category.name : category.name[locale];
  return own ?? textFor(`category.${category.slug}`) ?? localized(category.name, locale);
}

function GallerySkeleton() {
  const { t } = useI18n();
  return (
    <div className={classes.grid} role="status" aria-label={t('app.loading')}>
      {Array.from({ length: 6 }, (_, index) => (
        <Skeleton key={index} radius="lg" style={{ aspectRatio: '16 / 12.4' }} />
      ))}
    </div>
  );
}

export function Gallery() {
  const { t, locale } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const q = search.q ?? '';
  const category = search.category ?? '';
  const [text, setText] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  const list = useInfiniteQuery(queries.projects(q, category));
  const categories = useQuery(queries.categories).data ?? [];
  const searchFor = useDebouncedCallback((wanted: string) => {
    void navigate({ search: (old) => ({ ...old, q: wanted || undefined }), replace: true });
  }, 250);
  const clear = () => {
    setText('');
    void navigate({ search: {} });
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.code !== 'Slash' || event.shiftKey || event.ctrlKey || isTyping(event)) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  const chip = (slug: string, name: string) => (
    <button
      key={slug}
      type="button"
      className={classes.chip}
      aria-pressed={category === slug}
      onClick={() => void navigate({ search: (old) => ({ ...old, category: slug || undefined }) })}
    >
      {name}
    </button>
  );

  return (
    <>
      <PageHeader title={t('gallery.title')} lead={t('gallery.lead')}>
        <TextInput
          ref={input}
          type="search"
          size="md"
          className={classes.search}
          aria-label={t('gallery.search')}
          placeholder={t('gallery.search')}
          leftSection={<IconSearch size={18} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            searchFor(event.currentTarget.value.trim());
          }}
          attributes={{ input: { 'data-testid': 'gallery-search' } }}
        />
      </PageHeader>
      {categories.length > 0 && (
        <div className={classes.chips} role="group" aria-label={t('gallery.categories')}>
          {chip('', t('common.all'))}
          {categories.map((item) => chip(item.slug, categoryName(item, locale)))}
        </div>
      )}
      <ListState
        query={list}
        skeleton={<GallerySkeleton />}
        empty={
          <EmptyState
            icon={<IconTemplate size={30} stroke={1.4} />}
            text={q || category ? t('gallery.empty') : t('gallery.emptyAll')}
            action={
              q || category ? (
                <Button variant="default" onClick={clear}>
                  {t('gallery.clear')}
                </Button>
              ) : undefined
            }
          />
        }
      >
        {(items) => (
          <ul className={classes.grid}>
            {items.map((project) => (
              <TemplateCard key={project.id} project={project} />
            ))}
          </ul>
        )}
      </ListState>
    </>
  );
}
