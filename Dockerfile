# The image of a cluster's workers: Beam's own, with this package and the
# encoder's weights in it. From the top of a checkout:
#
#   docker build --tag=$IMAGE . && docker push $IMAGE
#
# --build-arg EXTRAS=gcp,gpu adds CUDA's libraries; --build-arg ENCODER=... keeps
# the weights of a model of keras.applications.
FROM apache/beam_python3.11_sdk:2.77.0

ARG EXTRAS=gcp
ARG ENCODER=efficientnet-lite0

# Where weights are kept; and a GPU's memory is shared by several processes.
ENV KERAS_HOME=/opt/keras
ENV TF_FORCE_GPU_ALLOW_GROWTH=true

WORKDIR /opt/eyewitness
COPY setup.py constraints.txt README.md LICENSE ./
COPY pipeline pipeline
COPY trainer trainer
COPY gin gin
RUN pip install --no-cache-dir --constraint=constraints.txt ".[$EXTRAS]"

# From elsewhere, so that it is the installed package that is tried.
WORKDIR /
RUN python -c "import pipeline.job.precompute" \
 && python -c "from pipeline.encoders import encoder; encoder.load_encoder('$ENCODER')"
