using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;
using k8s.Models;

namespace Portal.Testing.Kubernetes.Schema;

/// <summary>Shapes of the built-in kinds, read off the client library's models.</summary>
internal static class ModelSchema
{
    private static readonly ConcurrentDictionary<Type, SchemaNode> Known = new();

    /// <summary>Members that the models have and that servers of the version which is played do not know yet, or only behind a gate that is closed.</summary>
    private static readonly HashSet<string> Newer = ["V1PodSpec.evictionResponders", "V1PodSpec.schedulingGroup", "V1PodSpec.hostnameOverride", "V1PodSpec.resources", "V1Container.restartPolicyRules", "V1EnvVarSource.fileKeyRef"];

    /// <summary>Lists and values that the models type too loosely.</summary>
    private static readonly HashSet<string> MicroTimes = ["Corev1Event.eventTime", "V1LeaseSpec.acquireTime", "V1LeaseSpec.renewTime", "Eventsv1Event.eventTime"];

    /// <summary>The shape of a model type.</summary>
    public static SchemaNode Of<T>() => Of(typeof(T));

    /// <summary>The shape of a model type.</summary>
    public static SchemaNode Of(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Of(inner);
        return Known.GetOrAdd(type, Build);
    }

    private static SchemaNode Build(Type type)
    {
        if (Scalar(type) is { } scalar)
            return scalar;
        if (type.IsGenericType && type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IDictionary<,>)) is { } map)
            return new SchemaNode(SchemaKind.Map, "map") { Element = Of(map.GetGenericArguments()[1]) };
        if (type.IsGenericType && type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)) is { } list)
            return new SchemaNode(SchemaKind.List, "list") { Element = Of(list.GetGenericArguments()[0]), Atomic = true };
        if (type.Namespace != typeof(V1Pod).Namespace)
            return SchemaNode.Anything;
        return new SchemaNode(SchemaKind.Struct, GoName(type.Name)) { Atomic = MergeRules.IsAtomic(type.Name), FieldSource = () => Fields(type) };
    }

    private static SchemaNode? Scalar(Type type) => type switch
    {
        _ when type == typeof(string) => new(SchemaKind.String, "string"),
        _ when type == typeof(int) => new(SchemaKind.Integer, "int32"),
        _ when type == typeof(long) => new(SchemaKind.Integer, "int64"),
        _ when type == typeof(double) => new(SchemaKind.Number, "float64"),
        _ when type == typeof(bool) => new(SchemaKind.Boolean, "bool"),
        _ when type == typeof(DateTime) => new(SchemaKind.Time, "Time"),
        _ when type == typeof(byte[]) => new(SchemaKind.Bytes, "[]uint8"),
        _ when type == typeof(ResourceQuantity) => new(SchemaKind.Quantity, "Quantity"),
        _ when type == typeof(IntOrString) => new(SchemaKind.IntOrString, "IntOrString"),
        _ when type == typeof(object) || type == typeof(V1JSONSchemaProps) => SchemaNode.Anything,
        _ => null,
    };

    private static Dictionary<string, SchemaNode> Fields(Type type)
    {
        var fields = new Dictionary<string, SchemaNode>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is not { } name || Newer.Contains($"{type.Name}.{name}"))
                continue;
            var node = MicroTimes.Contains($"{type.Name}.{name}") ? new SchemaNode(SchemaKind.MicroTime, "MicroTime") : Of(property.PropertyType);
            fields[name] = MergeRules.Apply(type.Name, name, node);
        }
        return fields;
    }

    private static string GoName(string model)
    {
        var name = model.StartsWith("Core", StringComparison.Ordinal) || model.StartsWith("Rbac", StringComparison.Ordinal) ? model[4..] : model;
        return name.Length > 2 && name[0] is 'V' or 'v' && char.IsAsciiDigit(name[1]) ? name.TrimStart('V', 'v').TrimStart('0', '1', '2') : name;
    }
}
