import { createStore } from 'zustand/vanilla';

/** What the frame around the pages needs to know of the page in it. */
export const workspace = createStore<{ dark: boolean; shortcutsOpen: boolean }>()(() => ({
  dark: false,
  shortcutsOpen: false,
}));
