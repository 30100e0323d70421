import { Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useLiveEvents } from '../liveEvents';
import { keepSessionFresh } from '../router';

/** Everything that runs while somebody is signed in. */
export function SignedIn() {
  useEffect(keepSessionFresh, []);
  useLiveEvents();
  return <Outlet />;
}
