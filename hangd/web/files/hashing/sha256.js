/**
 * SHA-256 of bytes that come in pieces (FIPS 180-4): crypto.subtle takes them only all at once, and not over plain http.
 *
 * The loop over a block is written for speed, and holds a small computer to 100 MB/s and more: its sixteen words and eight
 * working variables are local. Sixteen rounds stand one after the other, so that the eight change their parts without
 * being moved; each rotation is made of the one before (three of them by 6, 11 and 25 are by 14, 5 and 6 with two
 * exclusive ors), and "majority" uses what the round before had of it.
 */

const BLOCK = 64;

const K = words(`
428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2
`);

const START = words("6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19");

/** A hash that grows with what it is given. */
export class Sha256 {
  #state = START.slice();
  #rest = new Uint8Array(BLOCK);
  #restLength = 0;
  #length = 0;

  /**
   * Adds bytes to what is hashed.
   * @param {Uint8Array} bytes
   */
  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(BLOCK - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < BLOCK) {
        return;
      }
      compress(this.#state, this.#rest, 0, BLOCK);
    }
    const end = bytes.length - ((bytes.length - at) % BLOCK);
    compress(this.#state, bytes, at, end);
    this.#rest.set(bytes.subarray(end));
    this.#restLength = bytes.length - end;
  }

  /**
   * Returns the hash of everything so far as 64 hex digits. Nothing can be added after that.
   * @returns {string}
   */
  hex() {
    const bits = this.#length * 8; // exact up to a petabyte
    const padded = new Uint8Array(this.#restLength < BLOCK - 8 ? BLOCK : 2 * BLOCK);
    padded.set(this.#rest.subarray(0, this.#restLength));
    padded[this.#restLength] = 0x80;
    new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(bits));
    compress(this.#state, padded, 0, padded.length);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/**
 * Hashes whole blocks of `bytes`, from `at` to `end`, into `state`.
 * @param {Int32Array} state
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} end
 */
function compress(state, bytes, at, end) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  let t = 0;
  let m = 0;
  let n = 0;
  let u = 0;
  for (; at < end; at += BLOCK) {
    let w0 = view.getInt32(at);
    let w1 = view.getInt32(at + 4);
    let w2 = view.getInt32(at + 8);
    let w3 = view.getInt32(at + 12);
    let w4 = view.getInt32(at + 16);
    let w5 = view.getInt32(at + 20);
    let w6 = view.getInt32(at + 24);
    let w7 = view.getInt32(at + 28);
    let w8 = view.getInt32(at + 32);
    let w9 = view.getInt32(at + 36);
    let w10 = view.getInt32(at + 40);
    let w11 = view.getInt32(at + 44);
    let w12 = view.getInt32(at + 48);
    let w13 = view.getInt32(at + 52);
    let w14 = view.getInt32(at + 56);
    let w15 = view.getInt32(at + 60);
    n = b ^ c;
    for (let i = 0; ; i += 16) {
      t = ((e >>> 14) | (e << 18)) ^ e;
      t = ((t >>> 5) | (t << 27)) ^ e;
      t = (((t >>> 6) | (t << 26)) + h + (g ^ (e & (f ^ g))) + K[i] + w0) | 0;
      d = (d + t) | 0;
      m = a ^ b;
      n = (m & n) ^ b;
      t = (t + n) | 0;
      n = ((a >>> 9) | (a << 23)) ^ a;
      n = ((n >>> 11) | (n << 21)) ^ a;
      h = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((d >>> 14) | (d << 18)) ^ d;
      t = ((t >>> 5) | (t << 27)) ^ d;
      t = (((t >>> 6) | (t << 26)) + g + (f ^ (d & (e ^ f))) + K[i + 1] + w1) | 0;
      c = (c + t) | 0;
      n = h ^ a;
      m = (n & m) ^ a;
      t = (t + m) | 0;
      m = ((h >>> 9) | (h << 23)) ^ h;
      m = ((m >>> 11) | (m << 21)) ^ h;
      g = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((c >>> 14) | (c << 18)) ^ c;
      t = ((t >>> 5) | (t << 27)) ^ c;
      t = (((t >>> 6) | (t << 26)) + f + (e ^ (c & (d ^ e))) + K[i + 2] + w2) | 0;
      b = (b + t) | 0;
      m = g ^ h;
      n = (m & n) ^ h;
      t = (t + n) | 0;
      n = ((g >>> 9) | (g << 23)) ^ g;
      n = ((n >>> 11) | (n << 21)) ^ g;
      f = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((b >>> 14) | (b << 18)) ^ b;
      t = ((t >>> 5) | (t << 27)) ^ b;
      t = (((t >>> 6) | (t << 26)) + e + (d ^ (b & (c ^ d))) + K[i + 3] + w3) | 0;
      a = (a + t) | 0;
      n = f ^ g;
      m = (n & m) ^ g;
      t = (t + m) | 0;
      m = ((f >>> 9) | (f << 23)) ^ f;
      m = ((m >>> 11) | (m << 21)) ^ f;
      e = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((a >>> 14) | (a << 18)) ^ a;
      t = ((t >>> 5) | (t << 27)) ^ a;
      t = (((t >>> 6) | (t << 26)) + d + (c ^ (a & (b ^ c))) + K[i + 4] + w4) | 0;
      h = (h + t) | 0;
      m = e ^ f;
      n = (m & n) ^ f;
      t = (t + n) | 0;
      n = ((e >>> 9) | (e << 23)) ^ e;
      n = ((n >>> 11) | (n << 21)) ^ e;
      d = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((h >>> 14) | (h << 18)) ^ h;
      t = ((t >>> 5) | (t << 27)) ^ h;
      t = (((t >>> 6) | (t << 26)) + c + (b ^ (h & (a ^ b))) + K[i + 5] + w5) | 0;
      g = (g + t) | 0;
      n = d ^ e;
      m = (n & m) ^ e;
      t = (t + m) | 0;
      m = ((d >>> 9) | (d << 23)) ^ d;
      m = ((m >>> 11) | (m << 21)) ^ d;
      c = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((g >>> 14) | (g << 18)) ^ g;
      t = ((t >>> 5) | (t << 27)) ^ g;
      t = (((t >>> 6) | (t << 26)) + b + (a ^ (g & (h ^ a))) + K[i + 6] + w6) | 0;
      f = (f + t) | 0;
      m = c ^ d;
      n = (m & n) ^ d;
      t = (t + n) | 0;
      n = ((c >>> 9) | (c << 23)) ^ c;
      n = ((n >>> 11) | (n << 21)) ^ c;
      b = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((f >>> 14) | (f << 18)) ^ f;
      t = ((t >>> 5) | (t << 27)) ^ f;
      t = (((t >>> 6) | (t << 26)) + a + (h ^ (f & (g ^ h))) + K[i + 7] + w7) | 0;
      e = (e + t) | 0;
      n = b ^ c;
      m = (n & m) ^ c;
      t = (t + m) | 0;
      m = ((b >>> 9) | (b << 23)) ^ b;
      m = ((m >>> 11) | (m << 21)) ^ b;
      a = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((e >>> 14) | (e << 18)) ^ e;
      t = ((t >>> 5) | (t << 27)) ^ e;
      t = (((t >>> 6) | (t << 26)) + h + (g ^ (e & (f ^ g))) + K[i + 8] + w8) | 0;
      d = (d + t) | 0;
      m = a ^ b;
      n = (m & n) ^ b;
      t = (t + n) | 0;
      n = ((a >>> 9) | (a << 23)) ^ a;
      n = ((n >>> 11) | (n << 21)) ^ a;
      h = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((d >>> 14) | (d << 18)) ^ d;
      t = ((t >>> 5) | (t << 27)) ^ d;
      t = (((t >>> 6) | (t << 26)) + g + (f ^ (d & (e ^ f))) + K[i + 9] + w9) | 0;
      c = (c + t) | 0;
      n = h ^ a;
      m = (n & m) ^ a;
      t = (t + m) | 0;
      m = ((h >>> 9) | (h << 23)) ^ h;
      m = ((m >>> 11) | (m << 21)) ^ h;
      g = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((c >>> 14) | (c << 18)) ^ c;
      t = ((t >>> 5) | (t << 27)) ^ c;
      t = (((t >>> 6) | (t << 26)) + f + (e ^ (c & (d ^ e))) + K[i + 10] + w10) | 0;
      b = (b + t) | 0;
      m = g ^ h;
      n = (m & n) ^ h;
      t = (t + n) | 0;
      n = ((g >>> 9) | (g << 23)) ^ g;
      n = ((n >>> 11) | (n << 21)) ^ g;
      f = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((b >>> 14) | (b << 18)) ^ b;
      t = ((t >>> 5) | (t << 27)) ^ b;
      t = (((t >>> 6) | (t << 26)) + e + (d ^ (b & (c ^ d))) + K[i + 11] + w11) | 0;
      a = (a + t) | 0;
      n = f ^ g;
      m = (n & m) ^ g;
      t = (t + m) | 0;
      m = ((f >>> 9) | (f << 23)) ^ f;
      m = ((m >>> 11) | (m << 21)) ^ f;
      e = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((a >>> 14) | (a << 18)) ^ a;
      t = ((t >>> 5) | (t << 27)) ^ a;
      t = (((t >>> 6) | (t << 26)) + d + (c ^ (a & (b ^ c))) + K[i + 12] + w12) | 0;
      h = (h + t) | 0;
      m = e ^ f;
      n = (m & n) ^ f;
      t = (t + n) | 0;
      n = ((e >>> 9) | (e << 23)) ^ e;
      n = ((n >>> 11) | (n << 21)) ^ e;
      d = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((h >>> 14) | (h << 18)) ^ h;
      t = ((t >>> 5) | (t << 27)) ^ h;
      t = (((t >>> 6) | (t << 26)) + c + (b ^ (h & (a ^ b))) + K[i + 13] + w13) | 0;
      g = (g + t) | 0;
      n = d ^ e;
      m = (n & m) ^ e;
      t = (t + m) | 0;
      m = ((d >>> 9) | (d << 23)) ^ d;
      m = ((m >>> 11) | (m << 21)) ^ d;
      c = (t + ((m >>> 2) | (m << 30))) | 0;
      t = ((g >>> 14) | (g << 18)) ^ g;
      t = ((t >>> 5) | (t << 27)) ^ g;
      t = (((t >>> 6) | (t << 26)) + b + (a ^ (g & (h ^ a))) + K[i + 14] + w14) | 0;
      f = (f + t) | 0;
      m = c ^ d;
      n = (m & n) ^ d;
      t = (t + n) | 0;
      n = ((c >>> 9) | (c << 23)) ^ c;
      n = ((n >>> 11) | (n << 21)) ^ c;
      b = (t + ((n >>> 2) | (n << 30))) | 0;
      t = ((f >>> 14) | (f << 18)) ^ f;
      t = ((t >>> 5) | (t << 27)) ^ f;
      t = (((t >>> 6) | (t << 26)) + a + (h ^ (f & (g ^ h))) + K[i + 15] + w15) | 0;
      e = (e + t) | 0;
      n = b ^ c;
      m = (n & m) ^ c;
      t = (t + m) | 0;
      m = ((b >>> 9) | (b << 23)) ^ b;
      m = ((m >>> 11) | (m << 21)) ^ b;
      a = (t + ((m >>> 2) | (m << 30))) | 0;
      if (i === 48) {
        break;
      }
      t = ((w1 >>> 7) | (w1 << 25)) ^ ((w1 >>> 18) | (w1 << 14)) ^ (w1 >>> 3);
      u = ((w14 >>> 17) | (w14 << 15)) ^ ((w14 >>> 19) | (w14 << 13)) ^ (w14 >>> 10);
      w0 = (w0 + w9 + t + u) | 0;
      t = ((w2 >>> 7) | (w2 << 25)) ^ ((w2 >>> 18) | (w2 << 14)) ^ (w2 >>> 3);
      u = ((w15 >>> 17) | (w15 << 15)) ^ ((w15 >>> 19) | (w15 << 13)) ^ (w15 >>> 10);
      w1 = (w1 + w10 + t + u) | 0;
      t = ((w3 >>> 7) | (w3 << 25)) ^ ((w3 >>> 18) | (w3 << 14)) ^ (w3 >>> 3);
      u = ((w0 >>> 17) | (w0 << 15)) ^ ((w0 >>> 19) | (w0 << 13)) ^ (w0 >>> 10);
      w2 = (w2 + w11 + t + u) | 0;
      t = ((w4 >>> 7) | (w4 << 25)) ^ ((w4 >>> 18) | (w4 << 14)) ^ (w4 >>> 3);
      u = ((w1 >>> 17) | (w1 << 15)) ^ ((w1 >>> 19) | (w1 << 13)) ^ (w1 >>> 10);
      w3 = (w3 + w12 + t + u) | 0;
      t = ((w5 >>> 7) | (w5 << 25)) ^ ((w5 >>> 18) | (w5 << 14)) ^ (w5 >>> 3);
      u = ((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10);
      w4 = (w4 + w13 + t + u) | 0;
      t = ((w6 >>> 7) | (w6 << 25)) ^ ((w6 >>> 18) | (w6 << 14)) ^ (w6 >>> 3);
      u = ((w3 >>> 17) | (w3 << 15)) ^ ((w3 >>> 19) | (w3 << 13)) ^ (w3 >>> 10);
      w5 = (w5 + w14 + t + u) | 0;
      t = ((w7 >>> 7) | (w7 << 25)) ^ ((w7 >>> 18) | (w7 << 14)) ^ (w7 >>> 3);
      u = ((w4 >>> 17) | (w4 << 15)) ^ ((w4 >>> 19) | (w4 << 13)) ^ (w4 >>> 10);
      w6 = (w6 + w15 + t + u) | 0;
      t = ((w8 >>> 7) | (w8 << 25)) ^ ((w8 >>> 18) | (w8 << 14)) ^ (w8 >>> 3);
      u = ((w5 >>> 17) | (w5 << 15)) ^ ((w5 >>> 19) | (w5 << 13)) ^ (w5 >>> 10);
      w7 = (w7 + w0 + t + u) | 0;
      t = ((w9 >>> 7) | (w9 << 25)) ^ ((w9 >>> 18) | (w9 << 14)) ^ (w9 >>> 3);
      u = ((w6 >>> 17) | (w6 << 15)) ^ ((w6 >>> 19) | (w6 << 13)) ^ (w6 >>> 10);
      w8 = (w8 + w1 + t + u) | 0;
      t = ((w10 >>> 7) | (w10 << 25)) ^ ((w10 >>> 18) | (w10 << 14)) ^ (w10 >>> 3);
      u = ((w7 >>> 17) | (w7 << 15)) ^ ((w7 >>> 19) | (w7 << 13)) ^ (w7 >>> 10);
      w9 = (w9 + w2 + t + u) | 0;
      t = ((w11 >>> 7) | (w11 << 25)) ^ ((w11 >>> 18) | (w11 << 14)) ^ (w11 >>> 3);
      u = ((w8 >>> 17) | (w8 << 15)) ^ ((w8 >>> 19) | (w8 << 13)) ^ (w8 >>> 10);
      w10 = (w10 + w3 + t + u) | 0;
      t = ((w12 >>> 7) | (w12 << 25)) ^ ((w12 >>> 18) | (w12 << 14)) ^ (w12 >>> 3);
      u = ((w9 >>> 17) | (w9 << 15)) ^ ((w9 >>> 19) | (w9 << 13)) ^ (w9 >>> 10);
      w11 = (w11 + w4 + t + u) | 0;
      t = ((w13 >>> 7) | (w13 << 25)) ^ ((w13 >>> 18) | (w13 << 14)) ^ (w13 >>> 3);
      u = ((w10 >>> 17) | (w10 << 15)) ^ ((w10 >>> 19) | (w10 << 13)) ^ (w10 >>> 10);
      w12 = (w12 + w5 + t + u) | 0;
      t = ((w14 >>> 7) | (w14 << 25)) ^ ((w14 >>> 18) | (w14 << 14)) ^ (w14 >>> 3);
      u = ((w11 >>> 17) | (w11 << 15)) ^ ((w11 >>> 19) | (w11 << 13)) ^ (w11 >>> 10);
      w13 = (w13 + w6 + t + u) | 0;
      t = ((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3);
      u = ((w12 >>> 17) | (w12 << 15)) ^ ((w12 >>> 19) | (w12 << 13)) ^ (w12 >>> 10);
      w14 = (w14 + w7 + t + u) | 0;
      t = ((w0 >>> 7) | (w0 << 25)) ^ ((w0 >>> 18) | (w0 << 14)) ^ (w0 >>> 3);
      u = ((w13 >>> 17) | (w13 << 15)) ^ ((w13 >>> 19) | (w13 << 13)) ^ (w13 >>> 10);
      w15 = (w15 + w8 + t + u) | 0;
    }
    state[0] = a = (state[0] + a) | 0;
    state[1] = b = (state[1] + b) | 0;
    state[2] = c = (state[2] + c) | 0;
    state[3] = d = (state[3] + d) | 0;
    state[4] = e = (state[4] + e) | 0;
    state[5] = f = (state[5] + f) | 0;
    state[6] = g = (state[6] + g) | 0;
    state[7] = h = (state[7] + h) | 0;
  }
}

/**
 * @param {string} text
 * @returns {Int32Array}
 */
function words(text) {
  return Int32Array.from(text.trim().split(/\s+/), (word) => Number.parseInt(word, 16) | 0);
}
