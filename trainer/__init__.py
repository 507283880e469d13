"""A record set in; a trained captioner, its scores and a page out.

The flow, in order; a module imports only those above it:

  config       finds, parses, locks and saves gin files
  heartbeat    a worker's sign of life to the launcher that started it
  cluster      environment -> the cluster that this process is a worker of
  strategy     names of devices -> tf.distribute.Strategy and dtype policy
  workers      what the processes of a run tell each other
  admission    refuses a record set whose data card says stop
  dataset      record set -> batches in an order that only the seed decides
  split_images  every image of a split once, with all of its captions
  folds        a train split in k folds, each held out once; their scores
  dropout      masks that depend on (seed, step, stream), never on the device
  attention    soft attention over the grid's locations
  captioner    Show, Attend and Tell: teacher-forced call and one-token step
  loss         cross entropy summed over real tokens
  optimizer    schedule, clipping after the reduction, AdamW
  loss_scale   the factor that keeps float16 gradients in range
  weight_average  a second captioner, at the mean of the trained one's weights
  loop         run steps, fire actions, repeat; knows no captions
  sweep        a learning rate that rises until the loss is out of hand
  train_step   one update of all replicas: run, reduce, apply
  timings      how long updates took: the usual and the slow
  profile      TensorBoard's profile of some steps
  spikes       counts losses far above those before
  wiring       tests of an untrained captioner that training would hide
  checkpoint   save, restore, the best and the newest
  preemption   a signal to stop -> a checkpoint, and an exit code: restart me
  tensorboard  curves, histograms and pictures in a run's event files
  actions      what happens between steps: progress, curves, scores, stopping
  cadence      how often what happens between steps, and which is the best
  decoding     greedy and beam search over any step function
  generator    a captioner, a vocabulary and a search: grids -> captions
  setup        records, a captioner, devices and a search: what all modes need
  recipe       batches, loss, optimizer: what decides an update, put together
  metrics      BLEU and repetition as mergeable corpus counts
  floors       what a captioner that ignores the image would score
  evaluation   captions of a split -> scores, each beside its floors
  scorecard    each score beside its floors, as numbers and bars
  charts       learning curves as inline SVG
  sweep_page   the range test's loss over its learning rate
  page_style   how its images and words look, and which map is shown when
  gallery      images, captions, and where the captioner looked for each word
  curves       learning curves as a picture beside the run
  pictures     a caption and where each word looked, for TensorBoard
  page         scores, curves and gallery in one self-contained HTML file
  report       the evaluation on disk, and what to read of it first
  serving      image files -> captions
  experiment   train, evaluate, caption and more: the only wiring
  launcher     several workers on this host; when one is lost, all stop
  main         flags -> configuration -> experiment
"""
