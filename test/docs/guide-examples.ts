import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { compile } from 'svelte/compiler'
import type { Plugin } from 'vitest/config'
import { compileScript, parse } from 'vue/compiler-sfc'
import { entries } from '../../docs/entries.js'
import { blocksOf, guide, root } from './pages.js'

const PREFIX = 'guide:'

/** The source of an entry, by its import specifier. */
function sourceOf(specifier: string): string {
  if (specifier === 'cacao-session/sign-in-button.css')
    return join(root, 'src/sign-in-button/sign-in-button.css')
  const entry = entries.find(({ name }) => name === specifier)
  if (!entry) throw new Error(`a guide imports ${specifier}, which is no entry`)
  return join(root, 'src', `${entry.source}.ts`)
}

/** A guide's example as JavaScript, with components compiled as in an app's build. */
function javaScriptOf(page: string, name: string): string {
  const code = guide(page, name)
  const language = blocksOf(`docs/guides/${page}.md`).find((block) => block.name === name)?.language
  if (language === 'svelte') return compile(code, { generate: 'client', filename: `${page}.svelte` }).js.code
  if (language !== 'vue') return code
  const { content } = compileScript(parse(code).descriptor, { id: page, inlineTemplate: true })
  return transformSync(content, { loader: 'ts', target: 'es2022' }).code
}

/** Lets browser tests import a guide's example, as `guide:react/app`. It imports the sources, like the test. */
export function guideExamples(): Plugin {
  return {
    name: 'guide-examples',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined
      const [page = '', name = ''] = id.slice(PREFIX.length + 1).split('/')
      return javaScriptOf(page, name).replace(
        /(?<=(?:from|import) ["'])cacao-session[\w/.-]*(?=["'])/g,
        sourceOf,
      )
    },
  }
}
