"""Many LoRA adapters over one frozen base, trained together in one process.

parameters   one flat array for the adapters' values and one for their gradients
layer        a frozen linear map with one adapter per block of rows
batches      a step's examples of all adapters, as padded rows or packed tokens
optimiser    AdamW with a learning rate, a clip and a length per adapter
rows         any transformers model: its own forward, with its linear modules exchanged
llama        a lean forward of small Llama-like models on packed tokens
backend      the training backend
"""
