import { type Restore, replace } from '../../src/testing/replace.js'

/**
 * Keeps this page's cookies in memory until the returned function is called. WebKitGTK shows cookies set by scripts unreliably;
 * cookies set by servers are tested with real servers in test/e2e.
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
