import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { reference } from '../entries.js'
import { guides } from './guides.ts'

const { repository } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
// Where the examples' folders can be seen; nowhere until package.json names the repository.
const folders =
  repository && `${(repository.url ?? repository).replace(/^git\+|\.git$/g, '')}/tree/HEAD/examples/`

/** The page of examples shows their README, whose links are to folders. */
function linkExamples(md) {
  md.core.ruler.push('examples', ({ env, tokens }) => {
    if (env.relativePath !== 'examples.md') return
    for (const token of tokens) {
      let isPlain = false
      token.children = token.children?.filter((part) => {
        if (part.type === 'link_open') {
          const href = part.attrGet('href')
          const isDocs = href.startsWith('../docs/')
          isPlain = !isDocs && !folders
          part.attrSet('href', isDocs ? href.replace('../docs', '').replace(/\.md$/, '') : folders + href)
        }
        return !(isPlain && /^link_/.test(part.type))
      })
    }
  })
}

const icon = readFileSync(new URL('../../examples/demo/page/icon.svg', import.meta.url), 'base64')

// As GitHub names headings, so that links to them lead there too; TypeDoc does the same.
const slugify = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

/** For those who don't see the page, or use no mouse: an empty head of a table is no head, and a picture that scrolls can be reached. */
function easeReading(md) {
  md.core.ruler.push('ease-reading', ({ tokens }) => {
    for (const [at, { type, children }] of tokens.entries()) {
      if (type !== 'inline') continue
      const [before, after] = [tokens[at - 1], tokens[at + 1]]
      if (before.type === 'th_open' && children.length === 0) before.tag = after.tag = 'td'
      const [picture] = children
      if (
        before.type === 'paragraph_open' &&
        picture?.type === 'image' &&
        picture.attrGet('src').endsWith('.svg')
      )
        before.attrSet('tabindex', '0')
    }
  })
}

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
  // The theme's first page has no landmark for its content.
  transformHtml: (html) => html.replace('class="VPHome"', 'class="VPHome" role="main"'),
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify },
    languageAlias: { caddyfile: 'nginx' },
    config(md) {
      linkExamples(md)
      easeReading(md)
    },
  },
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
      {
        text: 'Reference',
        link: '/reference/',
        items: reference.map(({ text, items }) => ({
          text,
          items: items.map((name) => ({ text: name, link: `/reference/${name}` })),
        })),
      },
      { text: 'Changelog', link: '/changelog' },
    ],
    footer: { message: 'MIT licence' },
  },
})
