"""AWS Glue's transforms as classes: ApplyMapping.apply(frame=…, mappings=…) or ApplyMapping()(…).

Each is a method of DynamicFrame under the arguments that AWS Glue gives it; what it does is said
there. `transformation_ctx`, `info` and the thresholds have no effect.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection

__all__ = [
    "ApplyMapping",
    "DropFields",
    "DropNullFields",
    "Filter",
    "FlatMap",
    "Join",
    "Map",
    "MapToCollection",
    "Relationalize",
    "RenameField",
    "ResolveChoice",
    "SelectFields",
    "SelectFromCollection",
    "Spigot",
    "SplitFields",
    "SplitRows",
    "UnnestFrame",
]


class GlueTransform:
    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        return cls()(*args, **kwargs)

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


class ApplyMapping(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        mappings: Iterable[Sequence[str]],
        case_sensitive: bool = False,
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        return frame.apply_mapping(mappings, case_sensitive)


class DropFields(GlueTransform):
    def __call__(
        self, frame: DynamicFrame, paths: Sequence[str], transformation_ctx: str = "", **_: Any
    ) -> DynamicFrame:
        return frame.drop_fields(paths)


class DropNullFields(GlueTransform):
    def __call__(self, frame: DynamicFrame, transformation_ctx: str = "", **_: Any) -> DynamicFrame:
        return frame.drop_null_fields()


class Filter(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        f: Callable[[dict[str, Any]], bool],
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        return frame.filter(f)


class Map(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        f: Callable[[dict[str, Any]], dict[str, Any]],
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        return frame.map(f)


class Join(GlueTransform):
    def __call__(
        self,
        frame1: DynamicFrame,
        frame2: DynamicFrame,
        keys1: Sequence[str],
        keys2: Sequence[str],
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        return frame1.join(keys1, keys2, frame2)


class Relationalize(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        staging_path: str | None = None,
        name: str = "roottable",
        options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrameCollection:
        return frame.relationalize(name, staging_path)


class RenameField(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        old_name: str,
        new_name: str,
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        return frame.rename_field(old_name, new_name)


class ResolveChoice(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        specs: Iterable[tuple[str, str]] | None = None,
        choice: str = "",
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        return frame.resolveChoice(specs, choice)


class SelectFields(GlueTransform):
    def __call__(
        self, frame: DynamicFrame, paths: Sequence[str], transformation_ctx: str = "", **_: Any
    ) -> DynamicFrame:
        return frame.select_fields(paths)


class SplitFields(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        paths: Sequence[str],
        name1: str = "frame1",
        name2: str = "frame2",
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrameCollection:
        return frame.split_fields(paths, name1, name2)


class SplitRows(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        comparison_dict: Mapping[str, Mapping[str, Any]],
        name1: str = "frame1",
        name2: str = "frame2",
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrameCollection:
        return frame.split_rows(comparison_dict, name1, name2)


class UnnestFrame(GlueTransform):
    def __call__(self, frame: DynamicFrame, transformation_ctx: str = "", **_: Any) -> DynamicFrame:
        return frame.unnest()


class Spigot(GlueTransform):
    def __call__(
        self,
        frame: DynamicFrame,
        path: str,
        options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        return frame.spigot(path, options)


class SelectFromCollection(GlueTransform):
    def __call__(
        self, dfc: DynamicFrameCollection, key: str, transformation_ctx: str = ""
    ) -> DynamicFrame:
        return dfc.select(key)


class MapToCollection(GlueTransform):
    """Applies a transform to each frame of a collection."""

    def __call__(
        self,
        dfc: DynamicFrameCollection,
        BaseTransform: type[GlueTransform],
        frame_name: str = "frame",
        transformation_ctx: str = "",
        **base_kwargs: Any,
    ) -> DynamicFrameCollection:
        return dfc.map(lambda frame, _: BaseTransform.apply(**{frame_name: frame}, **base_kwargs))


class FlatMap(GlueTransform):
    """Applies a transform that gives collections; its frames are called `<name>_<name within>`."""

    def __call__(
        self,
        dfc: DynamicFrameCollection,
        BaseTransform: type[GlueTransform],
        frame_name: str = "frame",
        transformation_ctx: str = "",
        **base_kwargs: Any,
    ) -> DynamicFrameCollection:
        made = {}
        for name, frame in dfc.items():
            result = BaseTransform.apply(**{frame_name: frame}, **base_kwargs)
            if isinstance(result, DynamicFrameCollection):
                made.update({f"{name}_{inner}": one for inner, one in result.items()})
            else:
                made[name] = result
        return DynamicFrameCollection(made, dfc.glue_ctx)
