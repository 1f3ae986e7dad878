// What moderators can do about a message, and what undoes it.

/** The two answers in each list: what they do. */
export const ACTS = {
  held: { yes: 'approve', no: 'reject' },
  removed: { yes: 'restore', no: 'forever' },
  posted: { no: 'takeDown' },
};

const INVERSES = { approve: 'takeDown', reject: 'restore', takeDown: 'restore', removeSender: 'letIn', letIn: 'refuse', takePictureDown: 'restorePicture' };

/** What undoes an act to these messages: those of each kind, as a Map. */
export function inversesOf({ kind }, messages) {
  const inverses = new Map();
  for (const message of messages) {
    const again = message.status === 'rejected' ? 'reject' : 'takeDown';
    const inverse = kind === 'restore' ? again : INVERSES[kind];
    inverses.set(inverse, [...(inverses.get(inverse) ?? []), message]);
  }
  return inverses;
}
