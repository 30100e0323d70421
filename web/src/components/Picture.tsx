import { IconPhoto } from '@tabler/icons-react';
import { useState, type CSSProperties } from 'react';
import { refreshSession } from '../api/client';
import type { Art } from './art';
import classes from './Picture.module.css';

type PictureProps = {
  src: string | null | undefined;
  alt: string;
  ratio?: number;
  className?: string;
  fit?: 'cover' | 'contain';
  testId?: string;
  eager?: boolean;
  /** What to draw while there is no picture. */
  art?: Art;
};

/** A picture in a fixed frame: never moves the page, and tries once more after renewing the session when it fails. */
export function Picture({ src, alt, ratio = 16 / 9, className, fit = 'cover', testId, eager, art }: PictureProps) {
  const [state, setState] = useState({ src, attempt: 0, failed: false });
  if (state.src !== src) setState({ src, attempt: 0, failed: false });
  const again = () => {
    if (state.attempt > 0) {
      setState({ src, attempt: state.attempt, failed: true });
      return;
    }
    refreshSession().then(
      () => setState({ src, attempt: 1, failed: false }),
      () => setState({ src, attempt: 1, failed: true }),
    );
  };
  const shown = src && !state.failed ? src : null;
  return (
    <span
      data-has-picture={shown !== null || undefined}
      className={`${classes.frame ?? ''} ${className ?? ''}`}
      style={{ aspectRatio: String(ratio) }}
      data-testid={testId}
    >
      {shown ? (
        <img
          key={state.attempt}
          src={shown}
          alt={alt}
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          draggable={false}
          onError={src?.startsWith('/v1/') ? again : () => setState({ src, attempt: 1, failed: true })}
          style={{ objectFit: fit }}
        />
      ) : art ? (
        <span
          className={classes.art}
          style={{ background: art.ground, color: art.ink, '--accent': art.accent } as CSSProperties}
          role={alt ? 'img' : undefined}
          aria-label={alt || undefined}
          data-art
        >
          <span aria-hidden dir="auto">
            {art.title}
          </span>
        </span>
      ) : (
        <span className={classes.none} role={alt ? 'img' : undefined} aria-label={alt || undefined}>
          <IconPhoto size={26} stroke={1.3} aria-hidden />
        </span>
      )}
    </span>
  );
}
