using Microsoft.AspNetCore.Http.Metadata;

namespace Portal.Web.Api.OpenApi;

/// <summary>What an endpoint takes as JSON. It names no content type, so that routing stays out of it: <see cref="RequestBody"/> refuses others, after the caller is known.</summary>
internal sealed record JsonBody(Type RequestType, object Example) : IAcceptsMetadata
{
    public IReadOnlyList<string> ContentTypes => [];

    Type? IAcceptsMetadata.RequestType => RequestType;

    public bool IsOptional => false;
}

/// <summary>An answer as it may look.</summary>
internal sealed record AnswerExample(int Status, object Value);

/// <summary>When an endpoint answers a status, where that is not plain from the status.</summary>
internal sealed record AnswerWords(int Status, string Words);

/// <summary>What a parameter of this endpoint means, where <see cref="ParameterWords"/> does not say it.</summary>
internal sealed record ParameterMeaning(string Name, string Words);

/// <summary>A header that the endpoint reads itself.</summary>
internal sealed record RequestHeader(string Name, string Words);

/// <summary>A header of an answer.</summary>
internal sealed record AnswerHeader(int Status, string Name, string Words);

/// <summary>Also takes e-mail and password (HTTP Basic).</summary>
internal sealed record TakesBasic;
