import { toHex } from '../base/hex.js'

const BOUNDARY_BYTES = 16

/**
 * A form as `fetch` would send it (multipart/form-data, by the encoding algorithm of HTML). Written out because WebKitGTK
 * sends forms that hold files, but lets nobody read them, so that they could not be signed.
 */
export function multipart(form: FormData): Blob {
  // In lower case, because that is what a Blob makes of its type.
  const boundary = `----form${toHex(crypto.getRandomValues(new Uint8Array(BOUNDARY_BYTES)))}`
  const parts: BlobPart[] = []
  form.forEach((value, name) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCRLF(name))}"`
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${withCRLF(value)}\r\n`)
    else {
      const type = value.type || 'application/octet-stream'
      parts.push(`${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n')
    }
  })
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` })
}

function withCRLF(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n')
}

function escaped(text: string): string {
  return text.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22')
}
