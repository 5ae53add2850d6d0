import { type Restore, replace } from '../../src/testing/replace.js'

/**
 * Has this page keep its cookies in memory, until the function that it gives is called. What a script has written to
 * `document.cookie`, WebKitGTK shows, shows no more, and shows again; what a server sets is tested with real servers in test/e2e.
 */
export function keepCookiesInMemory(): Restore {
  const jar = new Map<string, string>()
  return replace(document, 'cookie', {
    get: () => Array.from(jar, ([name, value]) => `${name}=${value}`).join('; '),
    set: (text: string) => {
      const [, name = '', value = '', attributes = ''] = /^([^=]*)=([^;]*)(.*)$/.exec(text) ?? []
      if (attributes.includes('max-age=0')) jar.delete(name)
      else jar.set(name, value)
    },
  })
}
