using System.Collections;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.AspNetCore.Routing;

namespace PipeServer.AspNetCore;

/// <summary>
/// The features of a request: those that are asked for on every request in fields of their own, all others in a list. What the application sets goes
/// before what the server has, until the request ends. Not thread-safe.
/// </summary>
internal abstract class FeatureSlots : IFeatureCollection, IEndpointFeature, IRouteValuesFeature
{
    private static readonly Type[] SlotTypes =
    [
        typeof(IHttpRequestFeature), typeof(IHttpResponseFeature), typeof(IHttpResponseBodyFeature), typeof(IEndpointFeature), typeof(IRouteValuesFeature),
        typeof(IServiceProvidersFeature), typeof(IHttpActivityFeature), typeof(IHttpMetricsTagsFeature), typeof(IHttpRequestLifetimeFeature),
        typeof(IItemsFeature), typeof(IQueryFeature), typeof(IHttpRequestIdentifierFeature), typeof(IHttpRequestBodyDetectionFeature),
        typeof(IHttpAuthenticationFeature),
    ];

    private object? _request;
    private object? _response;
    private object? _responseBody;
    private object? _endpoint;
    private object? _routeValues;
    private object? _services;
    private object? _activity;
    private object? _metricsTags;
    private object? _lifetime;
    private object? _items;
    private object? _query;
    private object? _identifier;
    private object? _bodyDetection;
    private object? _authentication;
    private List<KeyValuePair<Type, object?>>? _others; // null hides what the server has
    private RouteValueDictionary? _values;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    Endpoint? IEndpointFeature.Endpoint { get; set; }

    RouteValueDictionary IRouteValuesFeature.RouteValues { get => _values ??= []; set => _values = value; }

    public object? this[Type key]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(key);
            return Find(key);
        }

        set
        {
            ArgumentNullException.ThrowIfNull(key);
            Put(key, value);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)Find(typeof(TFeature));

    public void Set<TFeature>(TFeature? instance) => Put(typeof(TFeature), instance);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        foreach (var type in SlotTypes.Concat(OwnTypes).Concat((_others ?? []).Select(static other => other.Key)).Distinct().ToList())
        {
            if (Find(type) is { } feature)
            {
                yield return new(type, feature);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>What the server has beside the fields.</summary>
    protected abstract IEnumerable<Type> OwnTypes { get; }

    /// <summary>What the server has of <see cref="OwnTypes"/>, or null.</summary>
    protected abstract object? FindOwn(Type key);

    /// <summary>The features of a new request.</summary>
    protected void ResetFeatures()
    {
        _request = _response = _responseBody = _endpoint = _routeValues = _lifetime = _identifier = _bodyDetection = this;
        _services = _activity = _metricsTags = _items = _query = _authentication = null;
        ((IEndpointFeature)this).Endpoint = null;
        _values = null;
        _others?.Clear();
        Revision++;
    }

    /// <summary>Takes what the application sets; another one may take its place.</summary>
    protected virtual object? Replace(Type key, object? value) => value;

    private object? Find(Type key)
    {
        ref var slot = ref Slot(key);
        if (!Unsafe.IsNullRef(ref slot))
        {
            return slot;
        }

        var other = IndexOfOther(key);
        return other >= 0 ? _others![other].Value : FindOwn(key);
    }

    private void Put(Type key, object? value)
    {
        Revision++;
        ref var slot = ref Slot(key);
        if (!Unsafe.IsNullRef(ref slot))
        {
            slot = value;
            return;
        }

        var other = IndexOfOther(key);
        if (other < 0)
        {
            other = (_others ??= []).Count;
            _others.Add(default);
        }

        _others![other] = new(key, Replace(key, value));
    }

    private int IndexOfOther(Type key)
    {
        for (var index = 0; _others is not null && index < _others.Count; index++)
        {
            if (_others[index].Key == key)
            {
                return index;
            }
        }

        return -1;
    }

    private ref object? Slot(Type key)
    {
        if (key == typeof(IHttpRequestFeature))
        {
            return ref _request;
        }

        if (key == typeof(IHttpResponseFeature))
        {
            return ref _response;
        }

        if (key == typeof(IHttpResponseBodyFeature))
        {
            return ref _responseBody;
        }

        if (key == typeof(IEndpointFeature))
        {
            return ref _endpoint;
        }

        if (key == typeof(IServiceProvidersFeature))
        {
            return ref _services;
        }

        if (key == typeof(IRouteValuesFeature))
        {
            return ref _routeValues;
        }

        if (key == typeof(IHttpActivityFeature))
        {
            return ref _activity;
        }

        return ref RarerSlot(key);
    }

    private ref object? RarerSlot(Type key)
    {
        if (key == typeof(IHttpMetricsTagsFeature))
        {
            return ref _metricsTags;
        }

        if (key == typeof(IHttpRequestLifetimeFeature))
        {
            return ref _lifetime;
        }

        if (key == typeof(IItemsFeature))
        {
            return ref _items;
        }

        if (key == typeof(IQueryFeature))
        {
            return ref _query;
        }

        if (key == typeof(IHttpRequestIdentifierFeature))
        {
            return ref _identifier;
        }

        if (key == typeof(IHttpRequestBodyDetectionFeature))
        {
            return ref _bodyDetection;
        }

        if (key == typeof(IHttpAuthenticationFeature))
        {
            return ref _authentication;
        }

        return ref Unsafe.NullRef<object?>();
    }
}
