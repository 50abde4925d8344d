// A list of named checks, run one after the other; each ends in time or has failed.
import assert from "node:assert/strict";

const CHECK_MS = 8000;

export const equal = assert.deepEqual;
export const ok = assert.ok;

export async function run(checks) {
  const results = {};
  for (const [name, check] of Object.entries(checks)) {
    results[name] = await outcome(check);
  }
  return results;
}

async function outcome(check) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${CHECK_MS} ms`)), CHECK_MS);
  });
  try {
    await Promise.race([check(), late]);
    return "ok";
  } catch (error) {
    return String(error?.stack ?? error);
  } finally {
    clearTimeout(timer);
  }
}

// Collects what a callback-style subscription delivers.
export function collected(subscribe) {
  return new Promise((resolve, reject) => {
    const values = [];
    subscribe({ next: (value) => values.push(value), error: reject, complete: () => resolve(values) });
  });
}

// The fetch that a client is given, and a record of what it asked.
export function recording() {
  const asked = [];
  const recordingFetch = (url, options) => {
    asked.push({ method: options?.method ?? "GET", body: options?.body, url: String(url) });
    return fetch(url, options);
  };
  return { asked, fetch: recordingFetch };
}
