"""Builds the mini model: a small Mandarin Vosk model that knows the words of a hotline, learned from synthetic speech.

It proves the plumbing (sound of a real call -> real Vosk -> text, times, confidence, draft) on every machine without
downloading anything. It knows espeak-ng's voices only, not people: a city installs a bigger model
(`hotline model get`).

    words.txt, sentences.txt          what can be said                          data/
    lexicon -> corpus                 words with their phonemes, sentences
    espeak -> speech -> telephone     sentences as telephone sound, every phoneme with its time
    features -> network -> training   a small neural network tells phonemes (needs torch; 15 minutes)
    fst, ngram, graph                 which phonemes make which words in which order (needs kaldifst; seconds)
    kaldi_files -> build              the files that Vosk reads

New words need only new lines in words.txt and sentences.txt and `hotline model build`: the network stays.
The sources of the rules are Kaldi's and Vosk's own: file layouts as `src/model.cc` of vosk-api and `hmm/`, `nnet3/` of
Kaldi read them, the graph recipe H∘C∘L∘G of Mohri, Pereira and Riley (2002) with Kaldi's disambiguation symbols.
kaldifst and vosk must never meet in one process: both carry OpenFst, and the second to come crashes.
"""
