import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { entries } from '../entries.js'
import { guides } from './guides.ts'

const reference = entries.map(({ name }) => ({ text: name, link: `/reference/${name}` }))

const icon = readFileSync(new URL('../../examples/demo/page/icon.svg', import.meta.url), 'base64')

// As GitHub names headings, so that links to them lead there too; TypeDoc does the same.
const slugify = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

export default defineConfig({
  title: 'cacao-session',
  description:
    'Sign in once with the wallet you have, then act for a week with a session key that no script can steal.',
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml;base64,${icon}` }]],
  srcExclude: ['node_modules/**', 'README.md'],
  // The rest of the repository is shown from where it lies: its text, and the demo's pictures.
  // The index for searching is one chunk.
  vite: { server: { fs: { allow: ['..'] } }, build: { chunkSizeWarningLimit: 2000 } },
  ignoreDeadLinks: 'localhostLinks',
  markdown: { anchor: { slugify } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/guides/start' },
      { text: 'Errors', link: '/guides/errors' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: [
      ...guides,
      { text: 'Reference', collapsed: false, items: reference },
      { text: 'Changelog', link: '/changelog' },
    ],
    footer: { message: 'MIT licence' },
  },
})
