/** Questions to the server: newest wins, longer runs are watched and can be stopped. */

/** Milliseconds between questions about a longer run, and that an older question may still take when there is a newer one. */
const EVERY = 300;
const PATIENCE = 250;

/** What the server does not accept, in its words, with the field that is wrong, and the id of a file that cannot be read yet. */
export class Refused extends Error {
  constructor(message, field = "", file = "") {
    super(message);
    Object.assign(this, { field, file });
  }
}

/** The answer to a question; `sent` is an object for JSON, a Blob, or nothing. */
export async function ask(method, path, sent, signal) {
  const raw = sent instanceof Blob;
  const response = await fetch(path, {
    method,
    signal,
    headers: sent && !raw ? { "content-type": "application/json" } : {},
    body: sent && (raw ? sent : JSON.stringify(sent)),
  }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refused("sbpath app does not answer any more; start it again in the terminal");
  });
  const answer = await response.json().catch(() => ({ error: `${response.status} ${response.statusText}` }));
  if (!response.ok) throw new Refused(answer.error ?? response.statusText, answer.field, answer.file);
  return answer;
}

/** A piece of work of the server, of which the newest question counts. */
export class Work {
  #waiting = null;
  #flight = null;
  #patience = 0;
  #job = null;

  /** `start` asks a question, `done` gets its answer, `failed` what went wrong, `progress` how far a longer run is (or null). */
  constructor({ start, done, failed, progress = () => {} }) {
    Object.assign(this, { start, done, failed, progress });
  }

  get busy() {
    return this.#flight !== null || this.#waiting !== null;
  }

  /** Asks about `question` instead of all before; one that is nearly answered is still shown. */
  ask(question) {
    this.#waiting = { question };
    if (!this.#flight) this.#loop();
    else if (!this.#patience) this.#patience = setTimeout(() => this.#flight?.abort(), PATIENCE);
  }

  /** Stops a longer run, which gives what there is so far. */
  stop() {
    if (this.#job) ask("DELETE", `/api/jobs/${this.#job}`).catch(() => {});
  }

  /** Drops all questions, also when the page is left. */
  drop() {
    this.#waiting = null;
    if (this.#job) fetch(`/api/jobs/${this.#job}`, { method: "DELETE", keepalive: true }).catch(() => {});
    this.#flight?.abort();
  }

  async #loop() {
    while (this.#waiting) {
      const { question } = this.#waiting;
      this.#waiting = null;
      this.#flight = new AbortController();
      const { signal } = this.#flight;
      try {
        const answer = await this.#watched(await this.start(question, signal), signal);
        this.#ended();
        this.done(answer, question);
      } catch (error) {
        const dropped = signal.aborted;
        if (dropped) this.stop();
        this.#ended();
        if (!dropped) this.failed(error, question);
      }
    }
  }

  #ended() {
    clearTimeout(this.#patience);
    this.#patience = 0;
    this.#flight = this.#job = null;
    this.progress(null);
  }

  async #watched(answer, signal) {
    if (!answer.job) return answer;
    this.#job = answer.job;
    for (;;) {
      const job = await ask("GET", `/api/jobs/${this.#job}`, null, signal);
      if (job.state === "failed") throw new Refused(job.error ?? job.text, job.field);
      if (job.state !== "running") {
        if (!job.answer) throw new Refused("stopped before anything was computed");
        return { ...job.answer, stopped: job.state === "stopped" };
      }
      this.progress(job);
      await new Promise((resolve) => setTimeout(resolve, EVERY));
      signal.throwIfAborted();
    }
  }
}
