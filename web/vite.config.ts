import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    // the page's policy allows fonts and scripts from our own origin only, so nothing may become a data: address
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/p', '/openapi.json'].map((path) => [path, process.env.FLATRENDER_URL ?? 'http://127.0.0.1:8000']),
    ),
  },
});
