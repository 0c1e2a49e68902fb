namespace Portal.Testing.Kubernetes;

/// <summary>A request that the API server answered, or was made not to answer.</summary>
/// <param name="Verb">As in RBAC rules: <c>get</c>, <c>list</c>, <c>watch</c>, <c>create</c>, <c>update</c>, <c>patch</c>, <c>delete</c>, <c>deletecollection</c>; the method of other paths.</param>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Resource">Plural name; empty where the path is no resource.</param>
/// <param name="Subresource">Such as <c>log</c>, or empty.</param>
/// <param name="Namespace">Null outside namespaces.</param>
/// <param name="Name">The object's name, or empty.</param>
/// <param name="User">Who asked.</param>
/// <param name="Status">HTTP status code; 0 when no answer was given.</param>
/// <param name="At">When it came.</param>
/// <param name="Path">The path as asked for.</param>
public sealed record RequestRecord(string Verb, string Group, string Resource, string Subresource, string? Namespace, string Name, string User, int Status, DateTimeOffset At, string Path);
