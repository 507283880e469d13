"""What decides an update, and the update itself.

The flow, in order; a module imports only those above it:

  loss             cross entropy summed over real tokens
  caption_weights  captions that occur often count less
  grounding        what is hidden, and what is compared, so that images count
  hard_attention   one place is drawn for each word, and praised for it
  objective        true captions by teacher forcing: what is minimised
  caption_reward   CIDEr-D of sampled captions, in the graph
  self_critical    samples that score better than others become likelier
  optimizer        schedule, clipping after the reduction, AdamW
  loss_scale       the factor that keeps float16 gradients in range
  weight_average   a second captioner, at the mean of the trained one's weights
  rate_sweep       a learning rate that rises until the loss diverges
  train_step       one update of all replicas: run, reduce, apply
  setup            records, captioner, devices and decoder: what modes need
  recipe           batches, loss and optimizer, put together
  warm_start       the first weights of a run, taken from another one
  session          one training: what is opened, claimed, saved and restored
"""
