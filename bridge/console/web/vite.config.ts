// SPDX-License-Identifier: MPL-2.0
// How the console is built: what lands in dist/ depends on the sources and the lock file only.
import {defineConfig} from 'vite';

const licence = '/* SPDX-License-Identifier: MPL-2.0 */';

export default defineConfig({
  base: '/console/',
  oxc: {jsx: {runtime: 'automatic', importSource: 'preact'}},
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: {polyfill: false},
    rolldownOptions: {
      output: {
        postBanner: licence,
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
});
