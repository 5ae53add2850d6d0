import { entries } from './entries.js'

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
export default {
  entryPoints: entries.map(({ source }) => `../src/${source}.ts`),
  tsconfig: 'tsconfig.json',
  out: 'reference',
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme', './typedoc-entries.js'],
  readme: 'none',
  router: 'module',
  docsRoot: '.',
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Variable', 'GetSignature'],
  // Parts of the union SessionState, which shows what they say.
  intentionallyNotExported: ['src/react/state.ts:State', 'src/react/state.ts:Held'],
  hidePageHeader: true,
  hideBreadcrumbs: true,
}
