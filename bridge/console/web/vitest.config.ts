// SPDX-License-Identifier: MPL-2.0
import {defineConfig} from 'vitest/config';

export default defineConfig({
  oxc: {jsx: {runtime: 'automatic', importSource: 'preact'}},
  test: {include: ['src/**/*.test.ts'], environment: 'node'},
});
