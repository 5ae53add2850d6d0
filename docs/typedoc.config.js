import { entries, reference } from './entries.js'

const shown = new Set(reference.flatMap(({ items }) => items))

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
export default {
  entryPoints: entries.filter(({ name }) => shown.has(name)).map(({ source }) => `../src/${source}.ts`),
  tsconfig: 'tsconfig.json',
  out: 'reference',
  plugin: ['typedoc-plugin-markdown', './typedoc-entries.js'],
  entryFileName: 'index',
  readme: 'none',
  router: 'module',
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Variable', 'GetSignature'],
  // Parts of the union SessionState, which shows what they say.
  intentionallyNotExported: [
    'src/session-state/session-state.ts:State',
    'src/session-state/session-state.ts:Held',
  ],
  // Its own anchors: two of a page may differ by a dot only, as SessionError.code and SessionErrorCode.
  useHTMLAnchors: true,
  groupOrder: ['Classes', 'Functions', '*'],
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideSources: true },
  hidePageHeader: true,
  hideBreadcrumbs: true,
}
