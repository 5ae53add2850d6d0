import { describe, it } from 'vitest'

/* Test vectors are beside the repository, in shared/, and may be absent. They and the fixtures are read as raw text, which works in Node and in browsers; each file only when a test needs it. */
const fixtureFiles = import.meta.glob<string>('../fixtures/**/*.json', {
  query: '?raw',
  import: 'default',
})
const vectorFiles = import.meta.glob<string>('../../../shared/vectors/**/*.{json,jsonld,txt}', {
  query: '?raw',
  import: 'default',
})

/** A fixture by its path below test/fixtures, such as `did-session-4/wallets.json`. The caller knows its shape. */
export async function fixture<Shape>(name: string): Promise<Shape | undefined> {
  const text = await fixtureFiles[`../fixtures/${name}`]?.()
  return text === undefined ? undefined : (JSON.parse(text) as Shape)
}

/** A file's text by its path below shared/vectors, such as `spruceid-siwe-recap/siwe_with_caps.txt`. */
export async function vectorText(name: string): Promise<string | undefined> {
  return vectorFiles[`../../../shared/vectors/${name}`]?.()
}

/** A set of test vectors by its path below shared/vectors, such as `rfc9421/appendix-b.json`. */
export async function vectors<Shape>(name: string): Promise<Shape | undefined> {
  const text = await vectorText(name)
  return text === undefined ? undefined : (JSON.parse(text) as Shape)
}

/** The names below test/fixtures with this beginning: `fixtureNames('did-session-4/cacao-')`. */
export function fixtureNames(start: string): string[] {
  const names = Object.keys(fixtureFiles).map((path) => path.replace('../fixtures/', ''))
  return names.filter((name) => name.startsWith(start)).sort()
}

/** A suite over a file's content. Without the file, the suite is reported as skipped. */
export function describeWith<Content>(
  title: string,
  content: Content | undefined,
  suite: (content: Content) => void,
): void {
  describe(title, () => {
    if (content !== undefined) suite(content)
    else it.skip('skipped: its file in shared/ is absent')
  })
}
