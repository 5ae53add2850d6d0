import { blocksOf } from '../docs/pages.js'

/** A new app: how it is created, which code of the guides is written into it, and how it is checked, built and started. */
export interface FreshApp {
  readonly name: string
  /** The generator, with its version, and its arguments; `app` is the folder. */
  readonly generator: readonly string[]
  /** A template, for a generator that can't reach its own. */
  readonly template?: Readonly<Record<string, string>>
  /** Packages besides ours. */
  readonly packages: readonly string[]
  /** Files of the guides, by their paths in the app. */
  readonly files: Readonly<Record<string, string>>
  /** The URL at which the guides say to open it. */
  readonly host: string
  /** Its own tsconfig, to which the flags are added, and the compiler for it. */
  readonly checks: readonly { readonly tsconfig: string; readonly command: readonly string[] }[]
  /** Starts the built app at PORT. */
  readonly start: readonly string[]
  /** Whether the guide's server runs beside it, at API_PORT. */
  readonly hasServer?: boolean
  /** Whether it has our sign-in button, which needs another click for the wallet, and shows the account shortened. */
  readonly hasSignInButton?: boolean
  /** The button that calls the server, and the text that the page then shows. */
  readonly asks?: { readonly button: string; readonly answer: (account: string) => string }
}

/** The code of a guide's block, as it is printed. */
function printed(page: string, name: string): string {
  const found = blocksOf(`docs/guides/${page}.md`).filter((block) => block.name === name)
  if (found.length === 0) throw new Error(`docs/guides/${page}.md has no example ${name}`)
  return found.map(({ code }) => code).join('\n')
}

const HELLO: FreshApp['asks'] = { button: 'Say hello', answer: (account) => `{"hello":"${account}"}` }
const VITE = {
  hasServer: true,
  host: 'localhost:5173',
  start: ['vite', 'preview', '--port', 'PORT', '--strictPort'],
}
const SERVER = {
  'server.js': printed('start', 'server').replace('port: 8787', 'port: API_PORT'),
  'vite.config.js': printed('start', 'config').replace('8787', 'API_PORT'),
}
// The guide's configuration, with the plugin that the generator added.
const withPlugin = (plugin: string, name: string): string =>
  `${plugin}\n${SERVER['vite.config.js']
    .replace('{ server', `{ plugins: [${name}()], server`)
    .replace("'/api'", "'/notes'")}`

// Pages of these guides call an API of another origin. Here, the server of the requests guide is behind the page's own server.
const atVite = (code: string): string =>
  code
    .replaceAll(/https:\/\/a(?:pi|pp)\.example\.com/g, `http://${VITE.host}`)
    .replaceAll(/a(?:pi|pp)\.example\.com/g, VITE.host)
const NOTES_SERVER = {
  'server.js': `import { serve } from '@hono/node-server'
${atVite(printed('requests', 'server'))}
serve({ fetch: app.fetch, port: API_PORT })
`,
}
const NOTES = {
  ...VITE,
  hasSignInButton: true,
  asks: { button: 'Save a note', answer: () => 'Saved' },
}

const SERVER_PACKAGES = ['hono@4.13.19', '@hono/node-server@2.1.8']

// From the template that nuxi copies from GitHub, with the newest version for Node 20.
const NUXT_TEMPLATE = {
  'package.json': JSON.stringify({
    name: 'nuxt-app',
    type: 'module',
    private: true,
    scripts: { build: 'nuxt build', postinstall: 'nuxt prepare' },
    dependencies: { nuxt: '4.4.5', vue: '^3.5.38', 'vue-router': '^5.1.0' },
  }),
  'nuxt.config.ts':
    "export default defineNuxtConfig({ compatibilityDate: '2025-07-15', devtools: { enabled: true } })\n",
  'tsconfig.json': JSON.stringify({
    files: [],
    references: ['app', 'server', 'shared', 'node'].map((part) => ({
      path: `./.nuxt/tsconfig.${part}.json`,
    })),
  }),
}

export const apps: readonly FreshApp[] = [
  {
    ...VITE,
    asks: HELLO,
    name: 'Vite, vanilla',
    generator: ['create-vite@9.3.0', 'app', '--template', 'vanilla-ts', '--no-interactive'],
    packages: SERVER_PACKAGES,
    files: { ...SERVER, 'src/main.ts': printed('start', 'page') },
    checks: [{ tsconfig: 'tsconfig.json', command: ['tsc'] }],
  },
  {
    ...VITE,
    name: 'Vite, React',
    generator: ['create-vite@9.3.0', 'app', '--template', 'react-ts', '--no-interactive'],
    packages: [],
    hasServer: false,
    files: {
      'src/hello.tsx': printed('start', 'react'),
      'src/App.tsx': "export { Hello as default } from './hello'\n",
      'src/Account.tsx': printed('react', 'app'),
    },
    checks: [{ tsconfig: 'tsconfig.app.json', command: ['tsc'] }],
  },
  {
    ...NOTES,
    name: 'Vite, Vue',
    generator: ['create-vite@9.3.0', 'app', '--template', 'vue-ts', '--no-interactive'],
    packages: SERVER_PACKAGES,
    files: {
      ...NOTES_SERVER,
      'vite.config.js': withPlugin("import vue from '@vitejs/plugin-vue'", 'vue'),
      'src/App.vue': atVite(printed('vue', 'app')),
      'src/main.ts': atVite(printed('vue', 'main')),
      'src/OwnButton.vue': printed('vue', 'own-button'),
    },
    checks: [{ tsconfig: 'tsconfig.app.json', command: ['vue-tsc'] }],
  },
  {
    ...NOTES,
    name: 'Vite, Svelte',
    generator: ['create-vite@9.3.0', 'app', '--template', 'svelte-ts', '--no-interactive'],
    packages: SERVER_PACKAGES,
    files: {
      ...NOTES_SERVER,
      'vite.config.js': withPlugin("import { svelte } from '@sveltejs/vite-plugin-svelte'", 'svelte'),
      'src/App.svelte': atVite(printed('svelte', 'app')),
      'src/Layout.svelte': printed('svelte', 'layout'),
    },
    checks: [{ tsconfig: 'tsconfig.app.json', command: ['svelte-check', '--fail-on-warnings'] }],
  },
  {
    asks: HELLO,
    name: 'Next.js',
    generator: ['create-next-app@16.4.3', 'app', '--yes', '--empty', '--disable-git', '--skip-install'],
    packages: [],
    files: {
      'app/api/hello/route.ts': printed('nextjs', 'next/app/api/hello/route'),
      'app/sign-in.tsx': printed('nextjs', 'next/app/sign-in'),
      'app/page.tsx': printed('nextjs', 'next/app/page'),
    },
    host: 'localhost:3000',
    checks: [{ tsconfig: 'tsconfig.json', command: ['tsc'] }],
    start: ['next', 'start', '--port', 'PORT'],
  },
  {
    asks: HELLO,
    name: 'SvelteKit',
    generator: [
      'sv@0.17.1',
      'create',
      'app',
      '--template',
      'minimal',
      '--types',
      'ts',
      '--no-add-ons',
      '--no-install',
    ],
    packages: [],
    files: {
      'src/routes/api/hello/+server.ts': printed('sveltekit', 'sveltekit/src/routes/api/hello/+server'),
      'src/routes/+page.svelte': printed('sveltekit', 'sveltekit/src/routes/+page'),
    },
    host: 'localhost:5173',
    checks: [{ tsconfig: 'tsconfig.json', command: ['svelte-check', '--fail-on-warnings'] }],
    start: ['vite', 'preview', '--port', 'PORT', '--strictPort'],
  },
  {
    asks: HELLO,
    name: 'Nuxt',
    generator: [
      'create-nuxt@3.37.0',
      'app',
      '--template',
      'minimal',
      '--packageManager',
      'npm',
      '--no-install',
      '--no-modules',
      '--gitInit=false',
    ],
    template: NUXT_TEMPLATE,
    packages: ['vue-tsc@3', 'typescript@5'],
    files: {
      'server/api/hello.post.ts': printed('nuxt', 'nuxt/server/api/hello.post'),
      'app/app.vue': printed('nuxt', 'nuxt/app/app'),
    },
    host: 'localhost:3000',
    checks: [
      { tsconfig: '.nuxt/tsconfig.app.json', command: ['vue-tsc'] },
      { tsconfig: '.nuxt/tsconfig.server.json', command: ['vue-tsc'] },
    ],
    start: ['node', '.output/server/index.mjs'],
  },
]
