// The three questions that the page asks: a token, what to create, whether to delete. Answers of the agent that are no are
// told in its own words.

import { create, remove, useToken } from './agent.js';

/**
 * Joins a dialog to its form: `act` is called with the fields, and the dialog closes once it has come to an end. What has been
 * begun cannot be taken back, so that it can only be waited for; a question that was closed all the same tells of its failure
 * through `report`, and does nothing to the next one.
 */
class Question {
  #dialog;
  #form;
  #problem;
  #submit;
  #cancel;
  #act;
  #report;
  #asked = 0;

  constructor(dialog, act, report) {
    this.#dialog = dialog;
    this.#form = dialog.querySelector('form');
    this.#problem = dialog.querySelector('.problem');
    this.#submit = dialog.querySelector('[type=submit]');
    this.#cancel = dialog.querySelector('.cancel');
    this.#act = act;
    this.#report = report;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer();
    });
    this.#cancel.addEventListener('click', () => dialog.close());
    dialog.addEventListener('cancel', (event) => {
      if (this.#submit.disabled) event.preventDefault();
    });
  }

  ask(problem = '') {
    this.#tell(problem);
    if (this.#dialog.open) return;
    this.#asked += 1;
    this.#wait(false);
    this.#form.reset();
    this.#dialog.showModal();
  }

  async #answer() {
    if (this.#submit.disabled) return;
    this.#tell('');
    this.#wait(true);
    const mine = this.#asked;
    const isShown = () => mine === this.#asked && this.#dialog.open;
    try {
      await this.#act(Object.fromEntries(new FormData(this.#form)));
      if (isShown()) this.#dialog.close();
    } catch (error) {
      const why = error.status === undefined ? `The agent does not answer: ${error.message}.` : error.message;
      if (isShown()) this.#tell(why, error.field);
      else this.#report(why);
    } finally {
      if (mine === this.#asked) this.#wait(false);
    }
  }

  #wait(isWaiting) {
    this.#submit.disabled = isWaiting;
    this.#cancel.disabled = isWaiting;
    if (isWaiting) this.#form.setAttribute('aria-busy', 'true');
    else this.#form.removeAttribute('aria-busy');
  }

  #tell(problem, field = null) {
    this.#problem.textContent = problem;
    this.#problem.hidden = problem === '';
    for (const input of this.#form.querySelectorAll('input')) {
      const isToBlame = input.name === field;
      input.setAttribute('aria-invalid', String(isToBlame));
      if (isToBlame) input.focus();
    }
  }
}

/** `onToken` is called once there is one; `onDone` with a sentence about what was done, or was not. */
export function dialogs(find, { onToken, onDone }) {
  const token = new Question(find('#token-dialog'), (fields) => {
    useToken(fields.token.trim());
    // it is not left in the document either
    find('#token-dialog form').reset();
    onToken();
  }, onDone);
  const creation = new Question(find('#create-dialog'), async ({ image, service, port }) => {
    const fields = { image: image.trim(), service: service.trim() };
    if (port !== '') fields.port = port;
    const made = await create(fields);
    onDone(`${String(made.Name ?? 'The container').replace(/^\//, '')} was created.`);
  }, onDone);
  let doomed = null;
  const deletion = new Question(find('#delete-dialog'), async () => {
    const { id, name } = doomed;
    await remove(id);
    onDone(`${name} was deleted.`);
  }, onDone);
  return {
    askToken: (problem) => token.ask(problem),
    askCreation: () => creation.ask(),
    askDeletion: (row) => {
      doomed = row;
      find('#doomed').textContent = row.name;
      find('#doomed-image').textContent = row.image;
      deletion.ask();
    },
  };
}
