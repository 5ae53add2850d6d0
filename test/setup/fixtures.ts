import { describe, it } from 'vitest'

/*
 * Test vectors live beside the repository, in shared/, and may be absent. They and the fixtures are read as raw text,
 * which works alike in Node and in browsers; each file only when a test asks for it.
 */
const fixtureFiles = import.meta.glob<string>('../fixtures/**/*.json', {
  query: '?raw',
  import: 'default',
})
const vectorFiles = import.meta.glob<string>('../../../shared/vectors/**/*.{json,jsonld,txt}', {
  query: '?raw',
  import: 'default',
})

/** A fixture by its path below test/fixtures, as `did-session-4/wallets.json`. The caller knows its shape. */
export async function fixture<Shape>(name: string): Promise<Shape | undefined> {
  const text = await fixtureFiles[`../fixtures/${name}`]?.()
  return text === undefined ? undefined : (JSON.parse(text) as Shape)
}

/** A file's text by its path below shared/vectors, as `spruceid-siwe-recap/siwe_with_caps.txt`. */
export async function vectorText(name: string): Promise<string | undefined> {
  return vectorFiles[`../../../shared/vectors/${name}`]?.()
}

/** A set of test vectors by its path below shared/vectors, as `rfc9421/appendix-b.json`. */
export async function vectors<Shape>(name: string): Promise<Shape | undefined> {
  const text = await vectorText(name)
  return text === undefined ? undefined : (JSON.parse(text) as Shape)
}

/** Names below test/fixtures that start so: `fixtureNames('did-session-4/cacao-')`. */
export function fixtureNames(start: string): string[] {
  const names = Object.keys(fixtureFiles).map((path) => path.replace('../fixtures/', ''))
  return names.filter((name) => name.startsWith(start)).sort()
}

/** A suite over a file's content, or one that says, and is reported, to be skipped. */
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
