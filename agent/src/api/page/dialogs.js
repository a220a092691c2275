// The three questions that the page asks: a token, what to create, whether to delete. Answers of the agent that are no are
// told in its own words.

import { create, remove, useToken } from './agent.js';

/** Joins a dialog to its form: `act` is called with the fields, and the dialog closes once it has come to an end. */
class Question {
  #dialog;
  #form;
  #problem;
  #submit;
  #act;

  constructor(dialog, act) {
    this.#dialog = dialog;
    this.#form = dialog.querySelector('form');
    this.#problem = dialog.querySelector('.problem');
    this.#submit = dialog.querySelector('[type=submit]');
    this.#act = act;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer();
    });
    dialog.querySelector('.cancel').addEventListener('click', () => dialog.close());
  }

  ask(problem = '') {
    this.#tell(problem);
    if (this.#dialog.open) return;
    this.#form.reset();
    this.#dialog.showModal();
  }

  async #answer() {
    if (this.#submit.disabled) return;
    this.#tell('');
    this.#submit.disabled = true;
    this.#form.setAttribute('aria-busy', 'true');
    try {
      await this.#act(Object.fromEntries(new FormData(this.#form)));
      this.#dialog.close();
    } catch (error) {
      this.#tell(error.status === undefined ? `The agent does not answer: ${error.message}.` : error.message, error.field);
    } finally {
      this.#submit.disabled = false;
      this.#form.removeAttribute('aria-busy');
    }
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

/** `onToken` is called once there is one; `onDone` with a sentence about what was done. */
export function dialogs(find, { onToken, onDone }) {
  const token = new Question(find('#token-dialog'), (fields) => {
    useToken(fields.token.trim());
    // it is not left in the document either
    find('#token-dialog form').reset();
    onToken();
  });
  const creation = new Question(find('#create-dialog'), async ({ image, service, port }) => {
    const fields = { image: image.trim(), service: service.trim() };
    if (port !== '') fields.port = port;
    const made = await create(fields);
    onDone(`${String(made.Name ?? 'The container').replace(/^\//, '')} was created.`);
  });
  let doomed = null;
  const deletion = new Question(find('#delete-dialog'), async () => {
    await remove(doomed.id);
    onDone(`${doomed.name} was deleted.`);
  });
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
